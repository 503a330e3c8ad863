//! The notebook of exercise 14, as its visitors see it: their requests, and the answers.

use net_notes::check::layout::excerpt;
use net_notes::check::{Check, Failure, Observed, Peer, Rule, Verdict};
use net_notes::message::{Head, Limits, Parsed, Parser};

use super::html::Page;

/// The content type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// More than any page here.
const LARGEST: usize = 1 << 20;
/// The length of the part of a page that is shown around a mistake.
const SHOWN: usize = 200;

/// The program, as its visitors see it.
pub(super) struct Site<'c> {
    pub(super) check: &'c Check,
    pub(super) port: u16,
}

impl<'c> Site<'c> {
    /// Sends one request on a separate connection.
    pub(super) fn ask(&self, method: &str, target: &str, rule: &Rule) -> Verdict<Reply<'c>> {
        self.exchange(&format!("{method} {target}"), &get(method, target), rule)
    }

    /// Sends a note, and is told that this is its page.
    pub(super) fn add(&self, text: &str, path: &str, rule: &Rule) -> Verdict {
        self.send(&post(text), path, rule)
    }

    /// Sends a note in a custom request.
    pub(super) fn send(&self, request: &str, path: &str, rule: &Rule) -> Verdict {
        let reply = self.exchange("POST /notes", request, rule)?;
        reply.is(303, rule)?;
        match reply.location() == path {
            true => Ok(()),
            false => Err(reply.lacks("Location", path, rule)),
        }
    }

    /// Sends a custom request on a separate connection.
    pub(super) fn exchange(&self, asked: &str, request: &str, rule: &Rule) -> Verdict<Reply<'c>> {
        let mut client = self.check.connect("client", self.port)?;
        client.send(request);
        Reply::read(self.check, &mut client, asked, rule)
    }
}

/// A request without a body.
pub(super) fn get(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: me\r\n\r\n")
}

/// The body that a form sends for a note.
pub(super) fn post(text: &str) -> String {
    form(FORM, &format!("text={}", encoded(text)))
}

/// A request with this form in its body, and with this type.
pub(super) fn form(kind: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("POST /notes HTTP/1.1\r\nHost: me\r\nContent-Type: {kind}");
    format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// As a form does it: a space is `+`, and what is neither a letter nor a digit is two hexadecimal digits for each byte.
pub(super) fn encoded(text: &str) -> String {
    let byte = |byte| match byte {
        b' ' => "+".to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// An answer, whole.
pub(super) struct Reply<'c> {
    check: &'c Check,
    /// Method and target of the request.
    asked: String,
    head: Head,
    pub(super) status: u16,
    body: String,
    page: Page,
}

impl<'c> Reply<'c> {
    /// The next one on this connection, where this was asked.
    pub(super) fn read(
        check: &'c Check,
        client: &mut Peer,
        asked: &str,
        rule: &Rule,
    ) -> Verdict<Reply<'c>> {
        let awaited = Observed::text(format!("an answer to {asked}"), format!("对 {asked} 的响应"));
        let came = client.until(b"\r\n\r\n", awaited.clone(), rule)?;
        let mut parser = Parser::new(Limits::default());
        parser.feed(&came);
        let Ok(Parsed::Complete(head)) = parser.head() else {
            return Err(check.failed(rule, awaited, Observed::Bytes(came)));
        };
        let status = head.start().split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_default();
        // How the body is delimited: RFC 9112 6.3.
        let body = match head.content_length() {
            _ if asked.starts_with("HEAD ") || matches!(status, 204 | 304) => Vec::new(),
            Ok(Some(length)) => client.take(length, rule)?,
            _ if head.header("transfer-encoding").is_some() => chunks(check, client, rule)?,
            _ => client.read_to_fin(rule)?,
        };
        let body = String::from_utf8_lossy(&body).into_owned();
        let page = Page::parse(&body);
        Ok(Reply { check, asked: asked.to_string(), head, status, body, page })
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.head.header(name).unwrap_or_default()
    }

    /// The path to which the browser is redirected, without a host in front.
    pub(super) fn location(&self) -> &str {
        let location = self.header("Location");
        let path = location.split_once("://").and_then(|(_, rest)| Some(&rest[rest.find('/')?..]));
        path.unwrap_or(location)
    }

    pub(super) fn is(&self, status: u16, rule: &Rule) -> Verdict {
        if self.status == status {
            return Ok(());
        }
        let asked = &self.asked;
        let expected = Observed::text(
            format!("status {status} to {asked}"),
            format!("对 {asked} 的响应，状态码是 {status}"),
        );
        Err(self.check.failed(rule, expected, Observed::bytes(self.head.start())))
    }

    /// Expects that it is done or refused, without an error of the server.
    pub(super) fn is_served(&self, rule: &Rule) -> Verdict {
        if (200..500).contains(&self.status) {
            return Ok(());
        }
        let asked = &self.asked;
        let expected = Observed::text(
            format!("a status of 200 to 499 to {asked}"),
            format!("对 {asked} 的响应，状态码在 200 到 499 之间"),
        );
        Err(self.check.failed(rule, expected, Observed::bytes(self.head.start())))
    }

    /// It must say that it is HTML, in UTF-8: in its head, or in the page itself.
    pub(super) fn is_html(&self, rule: &Rule) -> Verdict {
        let kind = self.header("Content-Type").to_lowercase();
        let utf_8 =
            |text: &str| text.to_lowercase().replace(['"', '\''], "").contains("charset=utf-8");
        match kind.starts_with("text/html") && (utf_8(&kind) || utf_8(&self.body)) {
            true => Ok(()),
            false => Err(self.lacks("Content-Type", "text/html; charset=utf-8", rule)),
        }
    }

    /// Its page must show all of these, letter by letter.
    pub(super) fn shows(&self, texts: &[&str], rule: &Rule) -> Verdict {
        let asked = &self.asked;
        match texts.iter().find(|text| !self.page.shows(text)) {
            None => Ok(()),
            Some(text) => Err(self.failed(
                format!("to {asked} a page that shows {text:?}"),
                format!("对 {asked} 的响应，页面上看得到 {text:?}"),
                text,
                rule,
            )),
        }
    }

    pub(super) fn shows_not(&self, text: &str, rule: &Rule) -> Verdict {
        let asked = &self.asked;
        match self.page.shows(text) {
            false => Ok(()),
            true => Err(self.failed(
                format!("to {asked} a page without {text:?}"),
                format!("对 {asked} 的响应，页面上没有 {text:?}"),
                text,
                rule,
            )),
        }
    }

    /// No tag and no attribute may have this name: it was typed. A page of plain text has none.
    pub(super) fn has_no(&self, name: &str, rule: &Rule) -> Verdict {
        let asked = &self.asked;
        let plain = self.header("Content-Type").to_lowercase().starts_with("text/plain");
        match !plain && self.page.has(name) {
            false => Ok(()),
            true => Err(self.failed(
                format!("to {asked} a page in which {name} is text"),
                format!("对 {asked} 的响应，页面里的 {name} 只是文本"),
                name,
                rule,
            )),
        }
    }

    /// With the part of the page in which the longest word of this stands.
    fn failed(&self, en: String, zh: String, about: &str, rule: &Rule) -> Failure {
        let word = about.split(|c: char| !c.is_alphanumeric()).max_by_key(|word| word.len());
        let at = word.and_then(|word| self.body.find(word)).unwrap_or(0);
        let (page, _) = excerpt(self.body.as_bytes(), at, SHOWN);
        self.check.failed(rule, Observed::text(en, zh), Observed::text(page.clone(), page))
    }

    /// The header with this name must have this value, or not be there if that is empty.
    pub(super) fn has_line(&self, name: &str, value: &str, rule: &Rule) -> Verdict {
        match self.header(name).eq_ignore_ascii_case(value) {
            true => Ok(()),
            false => Err(self.lacks(name, value, rule)),
        }
    }

    pub(super) fn lacks(&self, name: &str, value: &str, rule: &Rule) -> Failure {
        let line = |value: &str| match value {
            "" => Observed::text(format!("no header `{name}`"), format!("没有头部字段 `{name}`")),
            value => Observed::bytes(format!("{name}: {value}")),
        };
        self.check.failed(rule, line(value), line(self.header(name)))
    }
}

fn chunks(check: &Check, client: &mut Peer, rule: &Rule) -> Verdict<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() <= LARGEST {
        let awaited = Observed::text("the size of a chunk", "一个分块（chunk）的大小");
        let size = usize::from_str_radix(&client.line(awaited, rule)?, 16).unwrap_or_default();
        let chunk = client.take(size.saturating_add(2), rule)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
    Err(check.failed(rule, Observed::text("the last chunk", "最后一块"), Observed::Bytes(body)))
}
