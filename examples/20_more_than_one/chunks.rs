//! A body in chunks, parsed while it arrives (RFC 9112 7.1).

use std::io::{Error, Result};

/// The longest line of a size, or of a header after the body.
const LINE_MAX: usize = 4 << 10;

#[derive(Default)]
pub struct Chunks {
    at: At,
    /// The beginning of a line that has not ended.
    line: Vec<u8>,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum At {
    #[default]
    Size,
    /// This number of bytes of the chunk follow, and then a line end.
    Data(usize),
    DataEnd,
    Trailer,
    End,
}

impl Chunks {
    /// Adds the bytes of the body to `out`. Returns `true` at the end of the body.
    pub fn feed(&mut self, mut piece: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        while !piece.is_empty() && self.at != At::End {
            if let At::Data(left) = self.at {
                let (part, rest) = piece.split_at(piece.len().min(left));
                out.extend_from_slice(part);
                piece = rest;
                self.at =
                    if part.len() == left { At::DataEnd } else { At::Data(left - part.len()) };
                continue;
            }
            let end = piece.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
            let (part, rest) = piece.split_at(end.unwrap_or(piece.len()));
            self.line.extend_from_slice(part);
            piece = rest;
            if self.line.len() > LINE_MAX {
                return Err(Error::other("a line in a chunked body is too long"));
            }
            if end.is_some() {
                self.at = self.after_line()?;
                self.line.clear();
            }
        }
        Ok(self.at == At::End)
    }

    fn after_line(&self) -> Result<At> {
        let bad = || Error::other("a chunk does not begin or end as it must");
        let line = self.line.strip_suffix(b"\r\n").ok_or_else(bad)?;
        match (self.at, line) {
            (At::DataEnd, b"") => Ok(At::Size),
            (At::DataEnd, _) => Err(bad()),
            (At::Trailer, b"") => Ok(At::End),
            (At::Trailer, _) => Ok(At::Trailer),
            (_, line) => {
                let digits = line.split(|byte| b"; \t".contains(byte)).next().unwrap_or_default();
                let is_hex = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex);
                let size = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
                size.map(|size| if size == 0 { At::Trailer } else { At::Data(size) })
                    .ok_or_else(bad)
            }
        }
    }
}
