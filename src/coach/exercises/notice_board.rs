//! A client of the notice board of exercise 21: what it sends, and what it makes of the answer.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use net_notes::check::{Check, Observed, Peer, Rule, Verdict};

use super::common::Server;
use super::strict::Head;

/// The beginnings of the tags in the notes.
pub(super) const TAGS: [&str; 3] = ["<script>alert(1)", "<b>'x'", "<img src=x"];

/// The server and what it is called.
pub(super) struct Site<'c> {
    pub(super) check: &'c Check,
    pub(super) server: Server<'c>,
    pub(super) port: u16,
    /// By which a whole answer is read.
    pub(super) answers: &'c Rule,
    /// By which its page is.
    pub(super) as_text: &'c Rule,
}

impl Site<'_> {
    pub(super) fn connect(&self, name: &str) -> Verdict<Peer> {
        self.server.connect(name)
    }

    /// The name that a browser sends, as it stands in the address line.
    pub(super) fn own_name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn get(&self, host: &str) -> String {
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")
    }

    /// `headers`: more header lines, each with its end.
    pub(super) fn post(&self, host: &str, headers: &str, note: &str) -> String {
        let length = note.len();
        format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n{note}"
        )
    }

    /// Posts a note as a program does that is no browser.
    pub(super) fn posts(&self, note: &str, rule: &Rule) -> Verdict {
        let mut client = self.connect("posts")?;
        client.send(self.post(&self.own_name(), "", note));
        self.shown(&mut client, rule).map(drop)
    }

    /// The page of the board as text, as a browser would show it.
    pub(super) fn board(&self, rule: &Rule) -> Verdict<String> {
        let mut client = self.connect("looks")?;
        client.send(self.get(&self.own_name()));
        self.shown(&mut client, rule)
    }

    /// A whole answer of 200, and the end behind it; its page as text.
    pub(super) fn shown(&self, client: &mut Peer, rule: &Rule) -> Verdict<String> {
        let start = b"HTTP/1.1 200 ";
        client.expect_exactly(start, rule)?;
        let awaited = Observed::text("a head, to its blank line", "头部，到空行为止");
        let head = [start, &*client.until(b"\r\n\r\n", awaited, self.answers)?].concat();
        let parsed = Head::parse(&head, |line| line.starts_with(start));
        let length = parsed.as_ref().ok().and_then(Head::length).ok_or_else(|| {
            let form =
                Observed::text("a head with one Content-Length", "头部，正好一个 Content-Length");
            self.check.failed(self.answers, form, Observed::bytes(&head))
        })?;
        let body = client.take(length, self.answers)?;
        client.expect_until_fin("", self.answers)?;
        let page = String::from_utf8_lossy(&body).into_owned();
        let kind = parsed.ok().and_then(|head| head.only("content-type").map(str::to_lowercase));
        if kind.is_some_and(|kind| kind.starts_with("text/plain")) {
            return Ok(page);
        }
        if let Some(tag) = TAGS.iter().find(|tag| page.contains(**tag)) {
            let expected =
                Observed::text(format!("no `{tag}` in the page"), format!("页面里没有 `{tag}`"));
            return Err(self.check.failed(self.as_text, expected, Observed::bytes(page)));
        }
        Ok(unescaped(&page))
    }

    /// Posts a note that must be refused, and must not be on the board afterwards.
    pub(super) fn refused(&self, name: &str, sent: &str, rule: &Rule) -> Verdict {
        let mut client = self.connect(name)?;
        client.send(sent);
        client.expect_exactly("HTTP/1.1 4", rule)?;
        client.read_to_fin(rule).map(drop)
    }

    /// Expects that the board shows this, or does not.
    pub(super) fn expect_note(&self, note: &str, is_there: bool, rule: &Rule) -> Verdict {
        let board = self.board(rule)?;
        if board.contains(note) == is_there {
            return Ok(());
        }
        let expected = match is_there {
            true => Observed::text(format!("the note `{note}`"), format!("有留言 `{note}`")),
            false => Observed::text(format!("no note `{note}`"), format!("没有留言 `{note}`")),
        };
        Err(self.check.failed(rule, expected, Observed::bytes(board)))
    }
}

/// Addresses of this machine that are not its own alone. To ask which one leads into the network sends nothing.
pub(super) fn other_addresses() -> Vec<IpAddr> {
    let any = (Ipv4Addr::UNSPECIFIED, 0);
    let network = UdpSocket::bind(any).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    let mut addresses: Vec<IpAddr> = network.ok().map(|address| address.ip()).into_iter().collect();
    addresses.retain(|address| !address.is_loopback() && !address.is_unspecified());
    // Linux has all of 127.0.0.0/8, and who listens everywhere listens there, too.
    #[cfg(target_os = "linux")]
    addresses.push(Ipv4Addr::new(127, 0, 0, 2).into());
    addresses
}

/// The text of a page as a browser would show it, as far as a note is concerned.
fn unescaped(page: &str) -> String {
    let character = |name: &str| match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            number.ok().and_then(char::from_u32)
        }
    };
    let (mut text, mut rest) = (String::new(), page);
    while let Some((before, behind)) = rest.split_once('&') {
        text += before;
        match behind.split_once(';').and_then(|(name, after)| Some((character(name)?, after))) {
            Some((character, after)) => {
                text.push(character);
                rest = after;
            }
            None => {
                text.push('&');
                rest = behind;
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_a_browser_reads_it() {
        assert_eq!(unescaped("<p>1 &lt; 2 &amp;&amp; &amp;lt;b&gt;</p>"), "<p>1 < 2 && &lt;b></p>");
    }
}
