//! The balancer under check, as its clients see it.

use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::{Check, Failure, Observed, Rule, Verdict};

use super::NOTICED;
use super::answer::{Answer, request};
use super::copy::Copy;
use crate::coach::exercises::common::Server;

/// The balancer under check, and what is behind it.
pub(super) struct Balancer<'c> {
    pub(super) check: &'c Check,
    pub(super) server: Server<'c>,
    pub(super) copies: [Copy; 3],
}

impl Balancer<'_> {
    /// Sends one request, and returns the whole answer.
    pub(super) fn ask(
        &self,
        method: &str,
        target: &str,
        body: &str,
        rule: &Rule,
    ) -> Verdict<Answer> {
        let mut client = self.server.connect_by(method, rule)?;
        client.send(request(method, target, body));
        let all = client.read_to_fin(rule)?;
        self.answer(all, rule)
    }

    pub(super) fn answer(&self, all: Vec<u8>, rule: &Rule) -> Verdict<Answer> {
        Answer::parse(&all).ok_or_else(|| {
            let whole = Observed::text("a whole answer of HTTP/1.1", "一个完整的 HTTP/1.1 响应");
            self.check.failed(rule, whole, Observed::Bytes(all))
        })
    }

    /// The same; the answer must have this status.
    pub(super) fn answered(&self, method: &str, status: u16, rule: &Rule) -> Verdict<Answer> {
        let answer = self.ask(method, "/", "", rule)?;
        if answer.status == status { Ok(answer) } else { Err(self.other(status, &answer, rule)) }
    }

    pub(super) fn other(&self, status: u16, answer: &Answer, rule: &Rule) -> Failure {
        let expected = Observed::text(format!("status {status}"), format!("状态码 {status}"));
        self.check.failed(rule, expected, Observed::bytes(&answer.all))
    }

    pub(super) fn counts(&self) -> [usize; 3] {
        self.copies.each_ref().map(Copy::count)
    }

    /// Asks until it is so, for as long as the balancer may take to notice it.
    pub(super) fn until(&self, mut is_so: impl FnMut() -> Verdict<bool>) -> Verdict<bool> {
        let deadline = Instant::now() + NOTICED;
        while !is_so()? {
            if Instant::now() > deadline {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(true)
    }
}
