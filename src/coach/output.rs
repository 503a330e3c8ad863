//! The output of the coach: its language, its colours, and its lines.

use std::borrow::Cow;
use std::env;
use std::fs::File;
use std::io::{IsTerminal, stdout};
use std::process::{Command, Stdio};

use net_notes::check::Lang;
use net_notes::check::layout::columns;
use net_notes::check::layout::wrap;

use super::language::name;

/// A width that every terminal has.
const WIDTH: usize = 80;
/// The column in which a text behind a label begins.
const LABEL: usize = 12;

/// The language and the form of the coach's output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    pub(super) lang: Lang,
    pub(super) colour: bool,
    /// It was asked for in this command, and is not the usual one: so each command that is shown asks for it, too.
    asked: bool,
    /// The number of columns.
    pub(super) width: usize,
}

impl Voice {
    /// In colour only on a terminal, and never against <https://no-color.org>.
    pub(super) fn new(lang: Lang, usual: Lang) -> Voice {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Voice {
            lang,
            colour: stdout().is_terminal() && !refused && shows_colour(),
            asked: lang != usual,
            width: width(),
        }
    }

    /// Adds `--lang` to the commands in a text, if it was given to this one.
    pub(super) fn in_commands<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.asked {
            return text.into();
        }
        text.replace("cargo run -- ", &format!("cargo run -- --lang {} ", name(self.lang))).into()
    }

    /// Chooses between the same text in two languages.
    pub(super) fn say<T>(&self, en: T, zh: T) -> T {
        self.lang.pick(en, zh)
    }

    /// Puts a text behind its label, in lines that fit.
    pub(super) fn labelled(&self, label: &str, text: &str) -> String {
        let gap = " ".repeat(LABEL.saturating_sub(columns(label)));
        let lines = wrap(text, self.width.saturating_sub(LABEL).max(20));
        format!("{label}{gap}{}", lines.join(&format!("\n{}", " ".repeat(LABEL))))
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

/// The width of the terminal. Shells know it as `COLUMNS` and rarely pass it on; stty(1) asks the terminal itself.
fn width() -> usize {
    let given = env::var("COLUMNS").ok().and_then(|width| width.parse().ok());
    let asked = || {
        let terminal =
            if stdout().is_terminal() { File::open("/dev/tty").ok()? } else { return None };
        let size = Command::new("stty").arg("size").stdin(terminal).stderr(Stdio::null()).output();
        let size = String::from_utf8(size.ok()?.stdout).ok()?; // "24 80"
        size.split_whitespace().nth(1)?.parse().ok()
    };
    // A terminal that does not know its width reports 0.
    given.or_else(asked).filter(|width| *width >= 20).unwrap_or(WIDTH)
}

/// Whether a terminal understands the codes of colours. The old console of Windows shows them as they are, and std cannot ask.
fn shows_colour() -> bool {
    let newer = ["WT_SESSION", "TERM", "TERM_PROGRAM", "ConEmuANSI", "ANSICON"];
    !cfg!(windows) || newer.iter().any(|name| env::var_os(name).is_some())
}
