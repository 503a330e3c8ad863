//! Routes requests to what they read or change.

use std::{fs, io};

use net_notes::check::{Lang, Localized};
use net_notes::http::{Request, Response};
use net_notes::websocket;

use super::Workbench;
use super::gate::{Admission, Asked};
use super::json::{Fields, Object};
use super::reply;
use super::sessions::{NotRun, NotTyped};
use crate::coach::exercise::Exercise;
use crate::coach::pages::site::{Page, Place};
use crate::coach::pages::{self, Course};
use crate::coach::progress::Progress;
use crate::coach::{exercises, language};

/// The failure of a page's request: a status, and a reason.
type Wrong = (u16, String);

fn wrong<T>(status: u16, why: &str) -> Result<T, Wrong> {
    Err((status, why.to_string()))
}

impl Workbench {
    /// Answers a request.
    pub(super) fn handle(&self, request: Request, response: Response) {
        let asked = Asked {
            method: request.method(),
            query: request.query(),
            host: request.header("host"),
            origin: request.header("origin"),
            site: request.header("sec-fetch-site"),
            cookie: request.header("cookie"),
            content_type: request.header("content-type"),
        };
        let admission = self.gate.admit(&asked);
        let is_refused = matches!(admission, Admission::Refuse(_));
        // A refused host name is a stranger's text, and is not repeated in the answer.
        reply::protect(
            &response,
            if is_refused { "localhost" } else { asked.host.unwrap_or_default() },
        );
        match admission {
            Admission::Refuse(refusal) => reply::refuse(&response, refusal, asked.method),
            Admission::GiveCookie => {
                response.header("Set-Cookie", &self.gate.set_cookie());
                response.header("Location", &without_key(&request));
                response.status(303).end();
            }
            Admission::Enter if request.path() == "/api/events" => self.events(&request, response),
            Admission::Enter if request.method() == "POST" => match self.change(&request) {
                Ok(Some(object)) => reply::json(&response, object),
                Ok(None) => response.status(204).end(),
                Err((status, why)) => reply::error(&response, status, &why),
            },
            Admission::Enter => self.show(&request, &response),
        }
    }

    /// Answers a GET request.
    fn show(&self, request: &Request, response: &Response) {
        let path = request.path();
        if path == "/" {
            let language = language::name(language::language(&self.home));
            response.header("Location", &format!("/{language}/index.html"));
            return response.status(303).end();
        }
        if let Some(name) = path.strip_prefix("/api/") {
            return match self.look_up(name, request) {
                Ok(object) => reply::json(response, object),
                Err((status, why)) => reply::error(response, status, &why),
            };
        }
        let found = self.course(|course| course.file(path.trim_start_matches('/')));
        match found {
            Ok(Some(file)) => reply::file(response, &file),
            Ok(None) => reply::no_page(response),
            Err((status, why)) => reply::send(response, status, "text/plain", why.as_bytes()),
        }
    }

    /// Calls `act` with the pages in their current state.
    fn course<T>(&self, act: impl FnOnce(&Course<'_>) -> Result<T, Localized>) -> Result<T, Wrong> {
        let progress = Progress::read(&self.home).map_err(lost)?;
        let course = Course { home: &self.home, progress: Some(&progress) };
        act(&course).map_err(|why| (500, why.in_lang(Lang::En).to_string()))
    }

    fn look_up(&self, name: &str, request: &Request) -> Result<Object, Wrong> {
        let query = Query(request.query().unwrap_or_default());
        match name {
            "source" => {
                let file = query.text("file").ok_or((400, "no file".to_string()))?;
                let text = self.source(&file).ok_or((404, "no file of the course".to_string()))?;
                Ok(Object::new()
                    .text("file", &file)
                    .text("html", &pages::source_lines(&file, &text)))
            }
            "hint" => self.hint(&query),
            "solution" => self.solution(&query),
            _ => wrong(404, "there is no such thing"),
        }
    }

    fn exercise(query: &Query<'_>) -> Result<&'static Exercise, Wrong> {
        let exercise = query.text("exercise").and_then(|id| exercises::find(&id));
        exercise.ok_or((404, "there is no such exercise".to_string()))
    }

    /// One hint, which is recorded as shown.
    fn hint(&self, query: &Query<'_>) -> Result<Object, Wrong> {
        let exercise = Workbench::exercise(query)?;
        let lang = query.text("lang").and_then(|name| language::named(&name));
        let lang = lang.unwrap_or_else(|| language::language(&self.home));
        let number = query.text("number").and_then(|number| number.parse::<usize>().ok());
        let number = number.ok_or((400, "no number".to_string()))?;
        let place = Place::new(lang, Page::Exercise(exercise));
        let hint = self.course(|course| pages::hint(course, &place, exercise, number))?;
        let hint = hint.ok_or((404, "there is no such hint".to_string()))?;
        let written = Progress::update(&self.home, |progress| {
            let shown = progress.hints(exercise).max(number);
            progress.set_hints(exercise, shown)
        });
        let html = hint.html
            + &written.map_or_else(|error| pages::unsaved(&error, lang), |()| String::new());
        Ok(Object::new().text("html", &html).maybe("next", hint.next.as_deref()))
    }

    /// The solution, for a student who has passed.
    fn solution(&self, query: &Query<'_>) -> Result<Object, Wrong> {
        let exercise = Workbench::exercise(query)?;
        let is_done = Progress::read(&self.home).map_err(lost)?.is_done(exercise);
        if !is_done && !self.watching.has_passed(exercise) {
            return wrong(403, "it is shown when your own program has passed");
        }
        let path = self.home.solution(exercise);
        let text = fs::read_to_string(&path).map_err(lost)?;
        let file = self.home.shown(&path);
        Ok(Object::new().text("file", &file).text("html", &pages::source_lines(&file, &text)))
    }

    /// A source file that a trace may name: a file of an example, or the student's own program.
    fn source(&self, file: &str) -> Option<String> {
        let (folder, name) = file.rsplit_once('/')?;
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_known = ["examples", "tests/exercises"].contains(&folder)
            || folder.strip_prefix("examples/").is_some_and(is_name);
        if !is_known {
            return None;
        }
        let entries = fs::read_dir(self.home.root().join(folder)).ok()?;
        let mut entries = entries.filter_map(Result::ok).filter(|_| name.ends_with(".rs"));
        let entry = entries.find(|entry| entry.file_name().to_str() == Some(name))?;
        fs::read_to_string(entry.path()).ok()
    }

    /// Performs a POST request.
    fn change(&self, request: &Request) -> Result<Option<Object>, Wrong> {
        let fields = Fields::parse(request.body()).map_err(|why| (400, why.to_string()))?;
        let text = |name: &str| fields.text(name).ok_or((400, format!("no {name}")));
        let number = |name: &str| fields.number(name).ok_or((400, format!("no {name}")));
        match request.path() {
            "/api/run" => match self.sessions.run(text("page")?, number("block")?) {
                Ok(session) => Ok(Some(Object::new().number("session", session))),
                Err(NotRun::Unknown) => {
                    wrong(404, self.say("there is no such block", "没有这一段命令"))
                }
                Err(NotRun::Impossible(why)) => wrong(500, &why),
            },
            "/api/input" => {
                let (session, terminal) = (number("session")?, text("terminal")?);
                let typed = match fields.flag("end") {
                    Some(true) => self.sessions.end_input(session, terminal).map(Ok),
                    _ => self.sessions.type_in(session, terminal, text("text")?),
                };
                match typed {
                    Some(Ok(())) => Ok(None),
                    Some(Err(NotTyped::Ended)) => {
                        wrong(409, self.say("its input has ended", "它的输入已经结束"))
                    }
                    Some(Err(NotTyped::NotRead)) => {
                        wrong(409, self.say("it does not read", "它没有在读"))
                    }
                    None => wrong(404, self.no_program()),
                }
            }
            "/api/stop" => match self.sessions.stop(number("session")?, fields.text("terminal")) {
                Some(()) => Ok(None),
                None => wrong(404, self.no_program()),
            },
            "/api/watch" => {
                let exercise = exercises::find(text("exercise")?);
                let exercise = exercise.ok_or((404, "there is no such exercise".to_string()))?;
                self.watching.watch(exercise);
                Ok(None)
            }
            "/api/language" => {
                let lang = language::named(text("language")?);
                let lang = lang.ok_or((400, "en or zh".to_string()))?;
                self.set_language(lang).map_err(lost)?;
                Ok(None)
            }
            _ => wrong(404, "there is no such thing"),
        }
    }

    /// A sentence in the language of the student.
    fn say(&self, en: &'static str, zh: &'static str) -> &'static str {
        language::language(&self.home).pick(en, zh)
    }

    fn no_program(&self) -> &'static str {
        self.say("no program runs there", "那里没有程序在运行")
    }

    /// Sends the events for as long as the tab reads them.
    fn events(&self, request: &Request, response: Response) {
        let query = Query(request.query().unwrap_or_default());
        let last = request.header("last-event-id").and_then(|last| last.parse::<u64>().ok());
        let from = last.map(|last| last.saturating_add(1));
        let from = from.or_else(|| query.text("from")?.parse().ok()).unwrap_or(1);
        let tab = self.tabs.enter(&query.text("page").unwrap_or_default());
        let feed = self.feed(from, query.text("run").as_deref());
        if request.header("upgrade").is_some() {
            websocket::upgrade_with(super::feed::limits(), request, response, move |socket| {
                feed.send_to(socket, tab);
            });
        } else {
            let _ = feed.send(&response); // an error is the end of the tab
            drop(tab);
        }
    }
}

/// A file of the course or of the student cannot be read or written.
fn lost(error: io::Error) -> Wrong {
    (500, Localized::from(&error).in_lang(Lang::En).to_string())
}

/// The address of the request without the key.
fn without_key(request: &Request) -> String {
    // A path that begins with two slashes would lead to another host.
    let path = format!("/{}", request.path().trim_start_matches(['/', '\\']));
    let query = request.query().unwrap_or_default().split('&');
    let rest: Vec<&str> =
        query.filter(|pair| !pair.starts_with("key=") && !pair.is_empty()).collect();
    if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) }
}

/// The part of an address behind the `?`.
#[derive(Debug, Clone, Copy)]
struct Query<'r>(&'r str);

impl Query<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.filter(|(own, _)| *own == name).map(|(_, value)| value).next()?;
        decoded(value)
    }
}

/// Decodes percent-encoding. `None`: the result is not text.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &rest[2..];
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}
