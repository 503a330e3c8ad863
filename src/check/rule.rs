//! What a check asks for, in words, and in which language.

use std::borrow::Cow;

/// One rule that a program has to keep. It is judged by what crosses the wire, so it can be said in one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// For programs: what a test that asserts *which* rule was broken compares.
    pub name: &'static str,
    /// The rule as a sentence.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// The heading, in English, of the lesson's section that explains it.
    pub see: &'static str,
}

/// The languages that are spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Lang {
    /// Whichever of two texts is in this language.
    pub fn pick<T>(self, en: T, zh: T) -> T {
        match self {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }
}

/// The same text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    en: Cow<'static, str>,
    zh: Cow<'static, str>,
}

impl Words {
    /// A text, and the same in Chinese.
    pub fn new(en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Words {
        Words { en: en.into(), zh: zh.into() }
    }

    /// The text in one language.
    pub fn in_lang(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.zh)
    }
}
