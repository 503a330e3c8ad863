//! Decides which requests are answered, by their heads alone, before anything is read or done.
//!
//! The browser that a student uses shows strangers' pages, too, and sends what they ask for to this machine. So a request must
//! know the key, must have been sent to a name of ours (a stranger's name can be made to lead here: DNS rebinding), and must
//! come from a page of ours.

use super::key::Key;

/// The key, and the host names under which the workbench may be reached.
#[derive(Debug)]
pub(super) struct Gate {
    key: Key,
    /// The name of the cookie. It contains the port: a browser sends the cookies of all ports of a host.
    cookie: String,
    /// One more host name than [`OWN_NAMES`], in lower case.
    host: Option<String>,
}

/// The fields of a request's head that the gate looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'r> {
    pub(super) method: &'r str,
    pub(super) query: Option<&'r str>,
    pub(super) host: Option<&'r str>,
    pub(super) origin: Option<&'r str>,
    /// `Sec-Fetch-Site`
    pub(super) site: Option<&'r str>,
    pub(super) cookie: Option<&'r str>,
    pub(super) content_type: Option<&'r str>,
}

/// The decision about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may be answered.
    Enter,
    /// Its address contains the key: the browser receives the cookie, and is redirected to the address without the key.
    GiveCookie,
    Refuse(Refusal),
}

/// The reason why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was sent to a host name that is not ours.
    Host,
    /// A page of another site has sent it.
    Origin,
    /// It does not contain the key.
    Key,
    /// It is neither GET, HEAD nor POST.
    Method,
    /// Its body is not JSON: a form on any page could send it.
    ContentType,
}

/// The host names of the loopback interface.
const OWN_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl Gate {
    pub(super) fn new(key: Key, port: u16, host: Option<&str>) -> Gate {
        let cookie = format!("net-notes-{port}");
        let host = host.map(|host| match host.contains(':') && !host.starts_with('[') {
            true => format!("[{}]", host.to_ascii_lowercase()), // an IPv6 address
            false => host.to_ascii_lowercase(),
        });
        Gate { key, cookie, host }
    }

    /// The value of `Set-Cookie` for a browser that knows the key.
    pub(super) fn set_cookie(&self) -> String {
        format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie, self.key.text())
    }

    pub(super) fn admit(&self, asked: &Asked<'_>) -> Admission {
        // The host name first: for a browser, an answer under another name belongs to the site with that name.
        let Some(host) = asked.host.filter(|host| self.is_ours(host)) else {
            return Admission::Refuse(Refusal::Host);
        };
        let changes = match asked.method {
            "GET" | "HEAD" => false,
            "POST" => true,
            _ => return Admission::Refuse(Refusal::Method),
        };
        // A browser sends the page's origin with each POST, and with the request for a WebSocket.
        let is_own = |origin: &str| {
            let of = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            of.is_some_and(|of| of.eq_ignore_ascii_case(host))
        };
        if !asked.origin.map_or(!changes, is_own) {
            return Admission::Refuse(Refusal::Origin);
        }
        // The site of the link does not matter: the whole address with the key is enough.
        if !changes && key_in(asked.query).is_some_and(|key| self.key.is(key)) {
            return Admission::GiveCookie;
        }
        if !self.cookies(asked.cookie).any(|key| self.key.is(key)) {
            return Admission::Refuse(Refusal::Key);
        }
        // SameSite already keeps the cookie from pages of other sites in today's browsers: this is a second check.
        if matches!(asked.site, Some("cross-site" | "same-site")) {
            return Admission::Refuse(Refusal::Origin);
        }
        if changes && !asked.content_type.is_some_and(is_json) {
            return Admission::Refuse(Refusal::ContentType);
        }
        Admission::Enter
    }

    /// Whether this host name is one of ours. The port does not matter: another one may be forwarded to ours.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let own = OWN_NAMES.into_iter().chain(self.host.as_deref());
        own.into_iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The values of all cookies with our name.
    fn cookies<'r>(&'r self, header: Option<&'r str>) -> impl Iterator<Item = &'r str> {
        let pairs = header.unwrap_or_default().split([';', ',']);
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.cookie).map(|(_, value)| value)
    }
}

/// The value of `key` in the query.
fn key_in(query: Option<&str>) -> Option<&str> {
    query?.split('&').find_map(|pair| pair.strip_prefix("key="))
}

fn is_json(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00112233445566778899aabbccddeeff";
    const COOKIE: &str = "net-notes-8638=00112233445566778899aabbccddeeff";
    const OWN: &str = "http://localhost:8638";

    fn gate(host: Option<&str>) -> Gate {
        Gate::new(Key::of(KEY), 8638, host)
    }

    /// A request of our own page that reads.
    fn get() -> Asked<'static> {
        Asked {
            method: "GET",
            host: Some("localhost:8638"),
            cookie: Some(COOKIE),
            ..Asked::default()
        }
    }

    /// A request of our own page that changes something.
    fn post() -> Asked<'static> {
        let content_type = Some("application/json");
        Asked { method: "POST", origin: Some(OWN), content_type, ..get() }
    }

    #[test]
    fn pages_of_ours_come_in() {
        for host in
            ["localhost:8638", "127.0.0.1:8638", "[::1]:8638", "LocalHost", "localhost:9000"]
        {
            let (http, https) = (format!("http://{host}"), format!("https://{host}"));
            for origin in [None, Some(&*http), Some(&*https)] {
                let asked = Asked { host: Some(host), origin, ..get() };
                assert_eq!(gate(None).admit(&asked), Admission::Enter, "{asked:?}");
                let asked = Asked { host: Some(host), origin: Some(&http), ..post() };
                assert_eq!(gate(None).admit(&asked), Admission::Enter, "{asked:?}");
            }
        }
        for (site, content_type) in [
            (Some("same-origin"), "application/json; charset=utf-8"),
            (Some("none"), "Application/JSON"),
        ] {
            let asked = Asked { site, content_type: Some(content_type), ..post() };
            assert_eq!(gate(None).admit(&asked), Admission::Enter, "{asked:?}");
        }
        let among = "a=b; net-notes-8639=x; net-notes-8638=x; ".to_string() + COOKIE;
        assert_eq!(gate(None).admit(&Asked { cookie: Some(&among), ..get() }), Admission::Enter);
    }

    #[test]
    fn the_key_in_the_address_is_given_as_a_cookie_and_only_there() {
        let query = format!("a=b&key={KEY}");
        let asked = Asked { query: Some(&query), cookie: None, ..get() };
        assert_eq!(gate(None).admit(&asked), Admission::GiveCookie);
        let again = Asked { cookie: Some(COOKIE), site: Some("same-site"), ..asked };
        assert_eq!(gate(None).admit(&again), Admission::GiveCookie);
        let asked = Asked { cookie: None, query: Some(&query), ..post() };
        assert_eq!(
            gate(None).admit(&asked),
            Admission::Refuse(Refusal::Key),
            "no cookie, no change"
        );
        let set = gate(None).set_cookie();
        assert_eq!(set, format!("{COOKIE}; HttpOnly; SameSite=Strict; Path=/"));
    }

    #[test]
    fn one_more_name_is_allowed_and_no_other() {
        for (allowed, host) in [
            (None, "box.example"),
            (Some("box.example"), "x.box.example"),
            (Some("box.example"), "box.example.evil.example"),
            (None, "evil.example:8638"),
            (None, "localhost.evil.example"),
            (None, "127.0.0.1.evil.example:8638"),
            (None, "127.0.0.2:8638"),
            (None, "0.0.0.0:8638"),
            (None, "[::]:8638"),
            (None, "localhost:x"),
            (None, ""),
        ] {
            let asked = Asked { host: Some(host), ..get() };
            assert_eq!(gate(allowed).admit(&asked), Admission::Refuse(Refusal::Host), "{asked:?}");
        }
        assert_eq!(
            gate(None).admit(&Asked { host: None, ..get() }),
            Admission::Refuse(Refusal::Host)
        );
        for host in ["box.example", "Box.Example:443", "localhost:8638"] {
            let asked = Asked { host: Some(host), ..get() };
            assert_eq!(gate(Some("box.EXAMPLE")).admit(&asked), Admission::Enter, "{asked:?}");
        }
    }

    #[test]
    fn strangers_pages_are_refused() {
        for origin in [
            "http://evil.example",
            "http://localhost:9999",
            "http://127.0.0.1:8638", // the page is at localhost
            "http://localhost",
            "ftp://localhost:8638",
            "localhost:8638",
            "null",
            "",
        ] {
            for asked in [get(), post()] {
                let asked = Asked { origin: Some(origin), ..asked };
                assert_eq!(
                    gate(None).admit(&asked),
                    Admission::Refuse(Refusal::Origin),
                    "{asked:?}"
                );
            }
        }
        let asked = Asked { origin: None, ..post() };
        assert_eq!(gate(None).admit(&asked), Admission::Refuse(Refusal::Origin));
        for site in ["cross-site", "same-site"] {
            let asked = Asked { site: Some(site), ..get() };
            assert_eq!(gate(None).admit(&asked), Admission::Refuse(Refusal::Origin), "{asked:?}");
        }
    }

    #[test]
    fn who_does_not_know_the_key_is_refused() {
        let guessed = COOKIE.replace("ff", "f0");
        for cookie in [
            None,
            Some(""),
            Some("net-notes-8638="),
            Some(KEY),
            Some("net-notes-8639=00112233445566778899aabbccddeeff"),
            Some(&*guessed),
        ] {
            for asked in [get(), post()] {
                let asked = Asked { cookie, ..asked };
                assert_eq!(gate(None).admit(&asked), Admission::Refuse(Refusal::Key), "{asked:?}");
            }
        }
        for query in [
            "",
            "key=",
            "key=00112233445566778899aabbccddeef0",
            "xkey=00112233445566778899aabbccddeeff",
        ] {
            let asked = Asked { cookie: None, query: Some(query), ..get() };
            assert_eq!(gate(None).admit(&asked), Admission::Refuse(Refusal::Key), "{asked:?}");
        }
    }

    #[test]
    fn forms_and_other_methods_are_refused() {
        for content_type in [
            None,
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("text/plain"),
            Some("text/plain; application/json"),
            Some("application/jsonp"),
            Some(""),
        ] {
            let asked = Asked { content_type, ..post() };
            let refused = Admission::Refuse(Refusal::ContentType);
            assert_eq!(gate(None).admit(&asked), refused, "{asked:?}");
        }
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "post"] {
            let asked = Asked { method, ..post() };
            assert_eq!(gate(None).admit(&asked), Admission::Refuse(Refusal::Method), "{asked:?}");
        }
    }
}
