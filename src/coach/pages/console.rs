//! The console blocks of a lesson, as sessions: what runs from a moment when nothing runs to the next one.

use super::markdown::{Block, language, plain};

/// A block of a terminal.
#[derive(Debug)]
pub(crate) struct Console {
    /// Of all console blocks of the page, from 1.
    #[cfg_attr(not(unix), allow(dead_code))] // only a Unix shell runs them
    pub(crate) number: usize,
    /// Its name; a block that names none has a terminal of its own.
    pub(crate) terminal: String,
    pub(crate) text: String,
    /// The heading above it.
    pub(crate) heading: String,
    /// The number of the first block of the session that it belongs to.
    pub(crate) session: usize,
}

/// The terminal that the info of a code block names; `None`: it is no console block.
pub(crate) fn terminal(info: &str) -> Option<&str> {
    let named = info.strip_prefix("console terminal ").unwrap_or("1");
    (language(info) == "console").then_some(named)
}

/// The console blocks of a page, in its order.
pub(crate) fn of_page(blocks: &[Block]) -> Vec<Console> {
    let mut consoles = Vec::new();
    collect(blocks, &mut String::new(), &mut consoles);
    group(&mut consoles);
    consoles
}

fn collect(blocks: &[Block], heading: &mut String, consoles: &mut Vec<Console>) {
    for block in blocks {
        match block {
            Block::Code { info, number, text } => {
                consoles.extend(terminal(info).map(|terminal| Console {
                    number: *number,
                    terminal: terminal.to_string(),
                    text: text.clone(),
                    heading: heading.clone(),
                    session: *number,
                }));
            }
            Block::Heading { text, .. } => *heading = plain(text),
            Block::Quote(inner) => collect(inner, heading, consoles),
            Block::List { items, .. } => {
                items.iter().for_each(|item| collect(item, heading, consoles));
            }
            _ => {}
        }
    }
}

/// A block that begins with output continues the program of its terminal: so everything from there to here is one session.
fn group(consoles: &mut [Console]) {
    for at in 0..consoles.len() {
        let (before, here) = consoles.split_at_mut(at);
        let here = &mut here[0];
        if here.text.starts_with("$ ") {
            continue;
        }
        let began = before.iter().rposition(|one| one.terminal == here.terminal);
        let Some(began) = began else { continue };
        let session = before[began].session;
        here.session = session;
        before[began..].iter_mut().for_each(|one| one.session = session);
    }
}

#[cfg(test)]
mod tests {
    use super::super::markdown::parse;
    use super::*;

    #[test]
    fn a_session_lasts_as_long_as_a_program_runs() {
        let block = |terminal: &str, text: &str| format!("```console{terminal}\n{text}\n```\n\n");
        let page = [
            block("", "$ date"),
            block(" terminal 1", "$ server"),
            block(" terminal 2", "$ client"),
            block(" terminal 1", "served"),
            block(" terminal 2", "$ client again"),
            block(" terminal 1", "served\n^C"),
            block(" terminal 1", "$ server"),
            block(" terminal 2", "$ client"),
            block(" terminal 1", "served\n^C"),
        ];
        let consoles = of_page(&parse(&page.concat()).expect("it is known"));
        let sessions: Vec<usize> = consoles.iter().map(|one| one.session).collect();
        assert_eq!(sessions, [1, 2, 2, 2, 2, 2, 7, 7, 7]);
        let numbers: Vec<usize> = consoles.iter().map(|one| one.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let terminals: Vec<&str> = consoles.iter().map(|one| &one.terminal[..]).collect();
        assert_eq!(terminals, ["1", "1", "2", "1", "2", "1", "1", "2", "1"]);
    }
}
