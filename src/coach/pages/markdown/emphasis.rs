//! Which stars open emphasis, and which close it (CommonMark 6.2).

use super::Inline;

/// A part of a line, before its stars are paired.
pub(super) enum Piece {
    Inline(Inline),
    Stars(Stars),
}

#[derive(Clone, Copy)]
pub(super) struct Stars {
    /// Where, for an error.
    pub(super) line: usize,
    /// How many are left.
    count: usize,
    /// How many there were.
    length: usize,
    opens: bool,
    closes: bool,
}

impl Stars {
    /// A run of stars between these characters.
    pub(super) fn new(line: usize, count: usize, before: char, after: char) -> Stars {
        let (opens, closes) = (flanks(after, before), flanks(before, after));
        Stars { line, count, length: count, opens, closes }
    }

    /// Where a run can do both, lengths that add up to a multiple of three do not match, unless each is one: `***a** b*`.
    fn matches(self, closer: Stars) -> bool {
        let either = self.closes || closer.opens;
        let sum_of_three = (self.length + closer.length) % 3 == 0;
        self.opens && !(either && sum_of_three && self.length % 3 != 0)
    }
}

/// Whether stars between these belong to what is `inside`.
fn flanks(inside: char, outside: char) -> bool {
    let is_punctuation = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    !inside.is_whitespace()
        && (!is_punctuation(inside) || outside.is_whitespace() || is_punctuation(outside))
}

/// Pairs the stars. The error is the line of stars that do nothing.
pub(super) fn pair(pieces: Vec<Piece>) -> Result<Vec<Inline>, usize> {
    let mut done: Vec<Piece> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Stars(stars) if stars.closes => close(stars, &mut done)?,
            other => done.push(other),
        }
    }
    finished(done)
}

fn close(mut closer: Stars, done: &mut Vec<Piece>) -> Result<(), usize> {
    while closer.count > 0 {
        let matching = |piece: &Piece| matches!(piece, Piece::Stars(s) if s.matches(closer));
        let Some(at) = done.iter().rposition(matching) else {
            done.push(Piece::Stars(closer));
            break;
        };
        let inner = finished(done.drain(at + 1..).collect())?;
        let Some(Piece::Stars(mut opener)) = done.pop() else { break };
        let used = if opener.count >= 2 && closer.count >= 2 { 2 } else { 1 };
        opener.count -= used;
        closer.count -= used;
        if opener.count > 0 {
            done.push(Piece::Stars(opener));
        }
        let kind = if used == 2 { Inline::Strong } else { Inline::Emphasis };
        done.push(Piece::Inline(kind(inner)));
    }
    Ok(())
}

fn finished(pieces: Vec<Piece>) -> Result<Vec<Inline>, usize> {
    let inline = |piece| match piece {
        Piece::Inline(inline) => Ok(inline),
        Piece::Stars(stars) => Err(stars.line),
    };
    pieces.into_iter().map(inline).collect()
}
