//! [`FailureParts`]: a failure for a program that shows it in its own layout.

use super::{Failure, FailureReport, errors, first_wrong, rows};
use crate::check::rule::Lang;
use crate::check::transcript::{self, TranscriptLine};
use crate::quote::columns;

/// The width in which bytes are shown, in columns.
const BYTES_COLUMNS: usize = 100;

/// The parts of [`Failure::show`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FailureParts {
    /// The rule as a sentence.
    pub rule: String,
    /// The expected behaviour.
    pub expected: String,
    /// The actual behaviour.
    pub actual: String,
    /// The number of characters of `actual` before the first wrong byte, where bytes differ.
    pub caret: Option<usize>,
    /// The number of that byte, counted from 1.
    pub wrong_byte: Option<usize>,
    /// The last events, in the order of time.
    pub transcript: Vec<TranscriptLine>,
    /// The lines that the program wrote to standard error.
    pub stderr: Vec<String>,
    /// Other observations of the program: it has ended, or it is busy.
    pub meanwhile: Vec<String>,
}

impl Failure {
    /// Returns the parts of the failure in one language.
    pub fn parts(&self, lang: Lang) -> FailureParts {
        let FailureReport { rule, expected, actual, transcript, stderr, meanwhile, .. } = &*self.0;
        let wrong = first_wrong(expected, actual);
        let (actual_rows, column) = rows(actual, wrong, lang, BYTES_COLUMNS);
        let first = actual_rows.first().map(String::as_str).unwrap_or_default();
        let caret = column.filter(|_| wrong.is_some()).map(|column| characters(first, column));
        FailureParts {
            rule: rule.sentence(lang).to_string(),
            expected: rows(expected, wrong, lang, BYTES_COLUMNS).0.join("\n"),
            actual: actual_rows.join("\n"),
            caret,
            wrong_byte: wrong.map(|at| at + 1),
            transcript: transcript::lines(transcript, lang),
            stderr: if stderr.trim().is_empty() { Vec::new() } else { errors(stderr, lang) },
            meanwhile: meanwhile.iter().map(|one| one.show(lang, BYTES_COLUMNS)).collect(),
        }
    }
}

/// Returns the number of characters in the first columns of a text.
fn characters(text: &str, in_columns: usize) -> usize {
    let mut used = 0;
    let fits = |character: &char| {
        used += columns(character.encode_utf8(&mut [0; 4]));
        used <= in_columns
    };
    text.chars().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Observed, Rule};

    const RULE: Rule = Rule { name: "x", en: "Say it right.", zh: "说对。", see: "" };

    fn parts(expected: &str, actual: &[u8], lang: Lang) -> FailureParts {
        let expected = vec![Observed::bytes(expected)];
        let actual = vec![Observed::bytes(actual), Observed::Fin];
        let failure = Failure::new(&RULE, expected, actual);
        failure.with_program("a\nb\n".into(), vec![Observed::Exit(Some(1))]).parts(lang)
    }

    #[test]
    fn the_caret_counts_characters_and_not_columns() {
        let parts = parts("你好吗", "你好x".as_bytes(), Lang::Zh);
        assert_eq!((&*parts.rule, &*parts.expected), ("说对。", "\"你好吗\""));
        assert_eq!(parts.actual, "\"你好x\"，然后结束（FIN）");
        assert_eq!((parts.caret, parts.wrong_byte), (Some(3), Some(7)));
        assert_eq!(parts.actual.chars().nth(3), Some('x'));
    }

    #[test]
    fn the_program_is_shown_by_its_errors_and_its_end() {
        let parts = parts("a", b"a", Lang::En);
        assert_eq!((parts.caret, parts.wrong_byte), (None, None));
        assert_eq!(parts.stderr, ["a", "b"]);
        assert_eq!(parts.meanwhile, ["the program ends with exit status 1"]);
    }
}
