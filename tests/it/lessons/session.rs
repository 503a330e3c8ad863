//! Splits the `console` blocks of a page into steps.

use std::collections::BTreeMap;

use super::command::Command;
use super::compare::Want;
use crate::markdown::Page;

pub struct Block {
    pub line: usize,
    /// `None` is a separate terminal for this block.
    pub terminal: Option<String>,
    pub steps: Vec<Step>,
    /// Whether its last program continues in a later block.
    pub stays: bool,
    /// The session of the block. Blocks with a program between them are run, or skipped, together.
    pub session: usize,
}

#[derive(Debug)]
pub enum Step {
    Start {
        typed: String,
        command: Command,
    },
    Expect(Want),
    /// A line typed into the running program.
    Type(String),
    /// `^C`
    Interrupt,
    /// `^D`
    EndOfInput,
}

/// Returns the blocks in the page's order; the error names the line.
pub fn blocks(page: &Page) -> Result<Vec<Block>, (usize, String)> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut latest = BTreeMap::new(); // terminal -> its latest block
    for block in page.blocks.iter().filter(|block| block.language() == "console") {
        let at = |error| (block.line, error);
        let terminal = match block.info.split(' ').collect::<Vec<_>>()[..] {
            ["console"] => None,
            ["console", "terminal", name] => Some(name.to_string()),
            _ => {
                return Err(at(format!(
                    "`{}`: write `console` or `console terminal 1`",
                    block.info
                )));
            }
        };
        let steps = steps(&block.text).map_err(at)?;
        if !matches!(steps.first(), Some(Step::Start { .. })) {
            let before = terminal.as_ref().and_then(|name| latest.get(name)).copied();
            let before: usize = before.ok_or_else(|| {
                at("begins with output, but no block of its terminal comes before it".into())
            })?;
            blocks[before].stays = true;
        }
        if let Some(name) = &terminal {
            latest.insert(name.clone(), blocks.len());
        }
        blocks.push(Block { line: block.line, terminal, steps, stays: false, session: 0 });
    }
    number_sessions(&mut blocks);
    Ok(blocks)
}

/// Numbers the sessions. A session lasts from one moment at which no program runs to the next.
fn number_sessions(blocks: &mut [Block]) {
    let mut session = 0;
    let mut running = Vec::new();
    for block in blocks {
        block.session = session;
        running.retain(|terminal| *terminal != block.terminal);
        if block.stays {
            running.push(block.terminal.clone());
        }
        session += usize::from(running.is_empty());
    }
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = vec![Step::Expect(Want::Blanks)];
    let mut lines = text.lines().map(str::trim_end).peekable();
    while let Some(line) = lines.next() {
        let step = match line {
            "^C" => Step::Interrupt,
            "^D" => Step::EndOfInput,
            "…" => Step::Expect(Want::Anything),
            _ => match (line.strip_prefix("$ "), line.strip_suffix('⏎')) {
                (Some(first), _) => {
                    let mut typed = first.to_string();
                    while let Some(more) =
                        lines.next_if(|line| line.starts_with("> ") || *line == ">")
                    {
                        typed.push('\n');
                        typed.push_str(more[1..].strip_prefix(' ').unwrap_or_default());
                    }
                    let command = Command::parse(&typed)?;
                    blanks_at_the_end(&mut steps);
                    steps.push(Step::Start { typed, command });
                    Step::Expect(Want::Blanks)
                }
                (None, Some(typed)) => Step::Type(typed.to_string()),
                (None, None) => {
                    let first = matches!(steps.last(), Some(Step::Expect(Want::Blanks)));
                    if line.is_empty() && first {
                        continue;
                    }
                    Step::Expect(Want::Line(line.to_string()))
                }
            },
        };
        steps.push(step);
    }
    blanks_at_the_end(&mut steps);
    if matches!(steps.get(1), Some(Step::Start { .. })) {
        steps.remove(0); // the output of the earlier program is over
    }
    Ok(steps)
}

/// Replaces the blank lines at the end.
fn blanks_at_the_end(steps: &mut Vec<Step>) {
    while matches!(steps.last(), Some(Step::Expect(Want::Line(line))) if line.is_empty()) {
        steps.pop();
    }
    if !matches!(steps.last(), Some(Step::Expect(Want::Blanks))) {
        steps.push(Step::Expect(Want::Blanks));
    }
}
