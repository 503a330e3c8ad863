//! How the coach speaks: in which language, and in colour or not.

use std::borrow::Cow;
use std::env;
use std::io::{IsTerminal, stdout};

use super::language::name;
use crate::check::Lang;

/// How to speak.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    pub(super) lang: Lang,
    pub(super) colour: bool,
    /// It was asked for in this command, and is not the usual one: so each command that is shown asks for it, too.
    asked: bool,
}

impl Voice {
    /// In colour only on a terminal, and never against <https://no-color.org>.
    pub(super) fn new(lang: Lang, usual: Lang) -> Voice {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Voice { lang, colour: stdout().is_terminal() && !refused, asked: lang != usual }
    }

    /// The text with its commands in the language that is spoken.
    pub(super) fn in_commands<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.asked {
            return text.into();
        }
        text.replace("cargo run -- ", &format!("cargo run -- --lang {} ", name(self.lang))).into()
    }

    /// The same text in two languages: whichever it is.
    pub(super) fn say<T>(&self, en: T, zh: T) -> T {
        self.lang.pick(en, zh)
    }

    pub(super) fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn red(&self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}
