//! What a check asks for, in words, and in which language.

use std::borrow::Cow;
use std::fmt::Display;

/// One rule that a program must keep. It is judged by what is seen from outside, so it can be said in one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its id: short, of one exercise only, and the same in all languages.
    pub name: &'static str,
    /// The rule as a sentence.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// The heading, in English, of the lesson's section that explains it.
    pub see: &'static str,
}

/// What a check has found out about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All that the check asks for under this rule was as it should be.
    Kept,
    /// The rule that ended the check.
    Broken,
    /// The check ended before it was done with this rule.
    NotReached,
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

impl Rule {
    /// The rule as a sentence, in one language.
    pub fn sentence(&self, lang: Lang) -> &'static str {
        lang.pick(self.en, self.zh)
    }
}

/// The same text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized {
    en: Cow<'static, str>,
    zh: Cow<'static, str>,
}

impl Localized {
    /// A text, and the same in Chinese.
    pub fn new(en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Localized {
        Localized { en: en.into(), zh: zh.into() }
    }

    /// This as the reason for something, behind it: `something: this`.
    pub fn behind(&self, en: impl Display, zh: impl Display) -> Localized {
        Localized::new(format!("{en}: {}", self.en), format!("{zh}：{}", self.zh))
    }

    /// The text in one language.
    pub fn in_lang(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.zh)
    }
}
