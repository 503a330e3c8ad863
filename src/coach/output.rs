//! How the coach speaks: in which language, and in colour or not.

use std::env;
use std::io::{IsTerminal, stdout};

use crate::check::Lang;

/// How to speak.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    pub(super) lang: Lang,
    pub(super) colour: bool,
}

impl Voice {
    /// In colour only on a terminal, and never against <https://no-color.org>.
    pub(super) fn new(lang: Lang) -> Voice {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Voice { lang, colour: stdout().is_terminal() && !refused && shows_colour() }
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

/// Whether a terminal understands the codes of colours. The old console of Windows shows them as they are, and std cannot ask.
fn shows_colour() -> bool {
    let newer = ["WT_SESSION", "TERM", "TERM_PROGRAM", "ConEmuANSI", "ANSICON"];
    !cfg!(windows) || newer.iter().any(|name| env::var_os(name).is_some())
}

/// The language that the system is set to: the first of these variables that is set decides (locale(7)).
pub fn system_lang() -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    if set.is_some_and(|value| value.starts_with("zh")) { Lang::Zh } else { Lang::En }
}
