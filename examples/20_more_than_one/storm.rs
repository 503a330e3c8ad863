//! Three copies, which are killed and restarted one after the other, and the ledger of the requests
//! that they have executed.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use std::{env, fs, process};

/// The pause between the killing of one copy and its restart, and between that and the next
/// killing.
const PAUSE: Duration = Duration::from_millis(250);

pub fn run(first: u16) -> Result<(), Box<dyn Error>> {
    let ledger = env::temp_dir().join(format!("net-notes-20-{}", process::id()));
    fs::write(&ledger, "")?;
    let ledger = ledger.to_str().ok_or("a temporary folder with a name in Unicode")?;
    let start = |port: &u16| start(*port, ledger);
    let ports: Vec<u16> = (0..3).map(|n| first.wrapping_add(n)).collect();
    let mut copies = ports.iter().map(start).collect::<Result<Vec<_>, _>>()?;
    println!("copies: ports {ports:?}. Enter starts the storm, Ctrl-D ends it");

    let begins = io::stdin().read_line(&mut String::new())? > 0;
    if begins {
        println!("the storm has begun");
    }
    let (ended, end) = channel();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = ended.send(());
    });
    let mut killed = 0;
    while begins && wait(&end) {
        let at = killed % copies.len();
        copies[at].kill()?; // SIGKILL: it cannot finish anything
        copies[at].wait()?;
        killed += 1;
        wait(&end);
        copies[at] = start(&ports[at])?;
    }
    for copy in &mut copies {
        copy.kill()?;
        copy.wait()?;
    }
    let done = fs::read_to_string(ledger)?;
    fs::remove_file(ledger)?;
    println!("{killed} times a copy was killed, and started again");
    report(&done);
    Ok(())
}

/// Waits for the pause. Returns `false` on Ctrl-D.
fn wait(end: &Receiver<()>) -> bool {
    end.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout)
}

fn start(port: u16, ledger: &str) -> Result<Child, Box<dyn Error>> {
    let mut program = Command::new(env::current_exe()?);
    program.args(["copy", &port.to_string(), ledger]);
    let mut copy = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(said) = copy.stdout.take() {
        BufReader::new(said).read_line(&mut line)?; // it listens
    }
    if line.is_empty() {
        return Err(format!("no copy could be started at port {port}: see above").into());
    }
    Ok(copy)
}

/// Prints, for each method, how many requests were executed, and how many of them more than once.
fn report(ledger: &str) {
    let mut times: BTreeMap<&str, HashMap<&str, u32>> = BTreeMap::new();
    for (method, id) in ledger.lines().filter_map(|line| line.split_once(' ')) {
        *times.entry(method).or_default().entry(id).or_default() += 1;
    }
    for (method, requests) in times {
        let twice = requests.values().filter(|times| **times > 1).count();
        println!("{method}: {} requests were done, {twice} of them more than once", requests.len());
    }
}
