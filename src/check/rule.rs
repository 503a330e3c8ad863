//! The rules of a check, and texts in two languages.

use std::borrow::Cow;
use std::fmt::Display;

/// One rule that a program must keep. It is judged from outside, so one sentence can express it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The id of the rule: short, used in one exercise only, and the same in all languages.
    pub name: &'static str,
    /// The rule as an English sentence.
    pub en: &'static str,
    /// The rule as a Chinese sentence.
    pub zh: &'static str,
    /// The English heading of the lesson's section that explains the rule.
    pub see: &'static str,
}

/// The result of a check for one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Everything that the check tests under this rule was correct.
    Kept,
    /// The rule that ended the check.
    Broken,
    /// The check ended before everything under this rule was tested.
    NotReached,
}

/// The languages of the coach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Lang {
    /// Returns the text in this language.
    pub fn pick<T>(self, en: T, zh: T) -> T {
        match self {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }
}

impl Rule {
    /// The rule as a sentence in one language.
    pub fn sentence(&self, lang: Lang) -> &'static str {
        lang.pick(self.en, self.zh)
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized {
    en: Cow<'static, str>,
    zh: Cow<'static, str>,
}

impl Localized {
    /// Creates a text from its English and its Chinese version.
    pub fn new(en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Localized {
        Localized { en: en.into(), zh: zh.into() }
    }

    /// Adds this text as the reason after a statement: `statement: this`.
    pub fn behind(&self, en: impl Display, zh: impl Display) -> Localized {
        Localized::new(format!("{en}: {}", self.en), format!("{zh}：{}", self.zh))
    }

    /// The text in one language.
    pub fn in_lang(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.zh)
    }
}
