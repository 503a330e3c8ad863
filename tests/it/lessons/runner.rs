//! Runs the blocks of a page, in their order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, panic, process};

use super::command::Ports;
use super::session::{self, Block, Step};
use super::terminal::Running;
use crate::{common, markdown};

/// The outcome of one block.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Ok,
    Skipped(String),
    Failed(String),
}

/// Runs a page's blocks in their order, waiting at most `patience` for each line. Returns for each
/// of them `file:line` and the outcome.
pub fn run(file: &str, text: &str, patience: Duration) -> Vec<(String, Outcome)> {
    let page = markdown::Page::parse(text);
    let blocks = match session::blocks(&page) {
        Ok(blocks) => blocks,
        Err((line, error)) => return vec![(format!("{file}:{line}"), Outcome::Failed(error))],
    };
    let Scratch(folder) = &Scratch::new(file);
    let ports = Ports::free_for(text);
    for block in &page.blocks {
        let first = block.text.lines().next().unwrap_or_default();
        let name = match block.language() {
            "js" => first.strip_prefix("// ").filter(|name| name.ends_with(".js")),
            "haproxy" => first.strip_prefix("# ").filter(|name| name.ends_with(".cfg")),
            _ => None,
        };
        if let Some(name) = name.filter(|name| !name.contains([' ', '/'])) {
            fs::write(folder.join(name), ports.to_free(&block.text)).expect("written");
        }
    }
    let mut terminals: BTreeMap<String, Terminal<'_>> = BTreeMap::new();
    let mut skipped = BTreeMap::new();
    let mut failed = None; // the session in which a block failed
    let mut outcomes = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let session = blocks.iter().filter(|other| other.session == block.session);
        let skip = skipped.entry(block.session).or_insert_with(|| lacking(session));
        let outcome = if let Some(peer) = skip {
            Outcome::Skipped(peer.clone())
        } else if failed == Some(block.session) {
            Outcome::Failed("not run, as a block before it failed".into())
        } else {
            let name = block.terminal.clone().unwrap_or_else(|| format!("block {number}"));
            let terminal =
                terminals.entry(name).or_insert(Terminal { running: None, status: 0, patience });
            match terminal.block(block, folder, &ports) {
                Ok(()) => Outcome::Ok,
                Err(report) => {
                    failed = Some(block.session);
                    // Ends programs that still run, so that the next session finds its ports free.
                    terminals.clear();
                    Outcome::Failed(report)
                }
            }
        };
        outcomes.push((format!("{file}:{}", block.line), outcome));
    }
    outcomes
}

/// The folder in which the page's commands run; removed afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(file: &str) -> Scratch {
        let name = format!("net-notes-{}-{}", process::id(), file.replace('/', "-"));
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a scratch folder");
        Scratch(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Terminal<'a> {
    running: Option<Running<'a>>,
    /// The status of the last command: the shell's `$?`.
    status: i32,
    patience: Duration,
}

impl<'a> Terminal<'a> {
    fn block(&mut self, block: &Block, folder: &Path, ports: &'a Ports) -> Result<(), String> {
        for step in &block.steps {
            if let Step::Start { typed, command } = step {
                self.over()?;
                let missing = command
                    .examples()
                    .find(|name| !common::root().join(format!("examples/{name}.rs")).exists());
                if let Some(name) = missing {
                    return Err(format!("`$ {typed}`: there is no example {name}"));
                }
                let line = panic::catch_unwind(|| command.line(ports, common::example))
                    .map_err(|_| format!("`$ {typed}`: the example does not build"))?;
                self.running =
                    Some(Running::start(typed, &line, self.status, folder, ports, self.patience));
                continue;
            }
            let running =
                self.running.as_mut().ok_or("no program runs in this terminal any more")?;
            match step {
                Step::Start { .. } => unreachable!(),
                Step::Expect(want) => running.expect(want.clone()),
                Step::Type(line) => running.type_in(line)?,
                Step::EndOfInput => running.end_of_input()?,
                Step::Interrupt => running.interrupt()?,
            }
        }
        match &mut self.running {
            Some(running) if block.stays => running.until_seen(),
            _ => self.over(),
        }
    }

    /// Waits until the running program ends, if there is one.
    fn over(&mut self) -> Result<(), String> {
        if let Some(mut running) = self.running.take() {
            self.status = running.until_over()?;
        }
        Ok(())
    }
}

/// Returns the first program that this machine lacks for these blocks.
fn lacking<'b>(blocks: impl Iterator<Item = &'b Block>) -> Option<String> {
    // Debian's nc half-closes at the end of its input only with `-N`; that of macOS has no such
    // option.
    let nc_knows_n = || {
        let help = common::command("nc").arg("-h").output().expect("nc runs");
        let help = [help.stdout, help.stderr].concat();
        String::from_utf8_lossy(&help).lines().any(|line| line.trim_start().starts_with("-N"))
    };
    let steps = blocks.flat_map(|block| &block.steps);
    let mut commands = steps.filter_map(|step| match step {
        Step::Start { command, .. } => Some(command),
        _ => None,
    });
    commands.find_map(|command| {
        if let Some(peer) = command.peers.iter().find(|peer| common::permitted(peer).is_none()) {
            return Some(peer.to_string());
        }
        (command.wants_nc_n() && !nc_knows_n()).then(|| {
            common::skipped("this nc has no -N");
            "nc -N".to_string()
        })
    })
}
