//! The output of a program, as a tab receives it.

/// The length of the output that is shown. The rest is read, so that the program continues, and dropped.
const SHOWN_MAX: usize = 1 << 20;

/// Decodes bytes that arrive in pieces.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// The beginning of a character whose end has not arrived.
    begun: Vec<u8>,
    shown: usize,
}

impl Output {
    /// Decodes what has arrived; `None`: nothing more is shown.
    pub(super) fn feed(&mut self, data: &[u8]) -> Option<String> {
        if self.shown > SHOWN_MAX {
            return None;
        }
        self.begun.extend_from_slice(data);
        let mut text = String::new();
        let mut rest = &self.begun[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    text.push_str(whole);
                    rest = &[];
                }
                Err(error) => {
                    let (whole, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(whole));
                    rest = after;
                    if let Some(length) = error.error_len() {
                        text.push('\u{fffd}');
                        rest = &rest[length..];
                        continue;
                    }
                }
            }
            break;
        }
        self.begun = rest.to_vec();
        self.shown += text.len();
        if self.shown > SHOWN_MAX {
            text.push_str("\n… (more than 1 MiB: the rest is not shown)\n");
        }
        Some(text)
    }

    /// Ends the output; the text that stands for an incomplete character.
    pub(super) fn end(self) -> Option<String> {
        (!self.begun.is_empty() && self.shown <= SHOWN_MAX).then(|| '\u{fffd}'.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_whole_however_they_are_cut() {
        let bytes = ["a你😀", "b"].concat().into_bytes();
        let bytes = [&bytes[..], b"\xff\xe4\xbdx", &"é".as_bytes()[..1]].concat();
        for size in 1..=bytes.len() {
            let mut output = Output::default();
            let pieces = bytes.chunks(size).filter_map(|piece| output.feed(piece));
            let mut text: String = pieces.collect();
            text.extend(output.end());
            assert_eq!(text, "a你😀b\u{fffd}\u{fffd}x\u{fffd}", "in pieces of {size}");
        }
    }

    #[test]
    fn a_program_that_prints_without_end_fills_nothing() {
        let mut output = Output::default();
        let total: usize =
            (0..10_000).filter_map(|_| output.feed(&[b'x'; 1000])).map(|text| text.len()).sum();
        assert!(total < SHOWN_MAX + 2000, "{total}");
        assert_eq!(output.feed(b"x"), None);
    }
}
