//! The results of two clients for each answer: curl, and our own.

use crate::answers;
use net::http;
use net_notes as net;
use std::error::Error;
use std::process::Command;
use std::time::Instant;

pub fn print() -> Result<(), Box<dyn Error>> {
    let server = crate::server(|_| {});
    server.listen(("127.0.0.1", 0), |_| {})?;
    let at = server.address().expect("it listens");
    let running = server.spawn();
    line("the answer", &curl_version(), "http::get");
    for answer in answers::all() {
        let url = format!("http://{at}{}", answer.path);
        line(answer.name, &timed(|| curl(&url)), &timed(|| get(&url)));
    }
    server.close()?;
    running.join().expect("a server does not panic")?;
    Ok(())
}

fn get(url: &str) -> String {
    match http::get(url) {
        Ok(reply) => said(&reply.status().to_string(), &reply.text()),
        Err(error) => error.to_string(),
    }
}

fn curl(url: &str) -> String {
    let options =
        ["--silent", "--max-time", "10", "--noproxy", "*", "--write-out", "\n%{http_code}"];
    let Ok(output) = Command::new("curl").args(options).arg(url).output() else {
        return "is not here".to_string();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    match (output.status.code(), text.rsplit_once('\n')) {
        (Some(0), Some((body, status))) => said(status, body),
        (code, _) => format!("error {}", code.unwrap_or_default()),
    }
}

/// Returns `curl 7.88.1`: the output for a wrong answer differs from version to version.
fn curl_version() -> String {
    let output = Command::new("curl").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// Returns the status and the beginning of the body.
fn said(status: &str, body: &str) -> String {
    let beginning: String = body.chars().take(18).collect();
    let more = if beginning.len() < body.len() { " …" } else { "" };
    format!("{status} {beginning:?}{more}")
}

fn timed(ask: impl Fn() -> String) -> String {
    let begin = Instant::now();
    let said = ask();
    match begin.elapsed().as_secs() {
        0 => said,
        seconds => format!("{said} after {seconds} s"),
    }
}

fn line(name: &str, curl: &str, own: &str) {
    // A Chinese character is two columns wide.
    let wide = |c: char| ('\u{2e80}'..'\u{f000}').contains(&c);
    let width: usize = curl.chars().map(|c| 1 + usize::from(wide(c))).sum();
    println!("{name:<27} {curl}{:<1$} {own}", "", 29usize.saturating_sub(width));
}
