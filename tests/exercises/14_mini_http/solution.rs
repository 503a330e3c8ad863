//! Exercise 14, solved: the path finds the routes, the method chooses one of them, and text becomes
//! HTML when it goes into a page.
//!
//! 练习 14 的解答：路径找出路由，方法从中选一个；文本放进页面的时候才变成 HTML。

use std::sync::Mutex;

use net::http::{self, Request, Response};
use net_notes as net;

/// All notes, as they were typed. The first is note 1.
/// 全部笔记，照输入的原样存。第一条是 1 号。
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A method, a path, and the function that answers. A `*` in the path stands for any one part of
/// it, and the function receives that part.
/// 方法、路径、由哪个函数响应。路径里的 `*` 代表任意一段，这一段会传给那个函数。
type Route = (&'static str, &'static str, fn(&Request, &str, &Response));

const ROUTES: [Route; 4] = [
    ("GET", "/", home),
    // With `?word=tea`, only the notes that contain tea.
    // 带上 `?word=tea`，就只有含有 tea 的笔记。
    ("GET", "/notes", list),
    ("POST", "/notes", add),
    ("GET", "/notes/*", show),
];

/// Called for each request.
/// 每个请求调用一次。
fn route(request: &Request, response: &Response) {
    let method = if request.method() == "HEAD" { "GET" } else { request.method() };
    let mut allow = Vec::new();
    for (known, pattern, answer) in ROUTES {
        let Some(part) = part_of(request.path(), pattern) else { continue };
        if known == method {
            return answer(request, part, response);
        }
        allow.push(if known == "GET" { "GET, HEAD" } else { known });
    }
    if allow.is_empty() {
        return refuse(response, 404, "There is nothing here.\n");
    }
    response.header("Allow", &allow.join(", "));
    refuse(response, 405, "This path knows other methods.\n");
}

/// The part of the path that the `*` stands for, if the path matches the pattern. It is empty
/// without a `*`.
/// 路径和表里的对得上，就是 `*` 所在的那一段；没有 `*` 就是空的。
fn part_of<'p>(path: &'p str, pattern: &str) -> Option<&'p str> {
    match pattern.strip_suffix('*') {
        Some(before) => path.strip_prefix(before).filter(|part| !part.contains('/')),
        None => (path == pattern).then_some(""),
    }
}

fn home(_: &Request, _: &str, response: &Response) {
    html(response, FORM);
}

fn list(request: &Request, _: &str, response: &Response) {
    let word = request.query().and_then(|query| field(query, "word")).unwrap_or_default();
    let mut page = format!("<h1>Notes {}</h1>\n<ol>\n", escaped(&word));
    for (at, text) in NOTES.lock().unwrap().iter().enumerate() {
        if text.contains(&word) {
            page += &format!("<li value={}>{}</li>\n", at + 1, escaped(text));
        }
    }
    html(response, &(page + "</ol>\n"));
}

fn add(request: &Request, _: &str, response: &Response) {
    let Some(text) = field(&request.text(), "text") else {
        return refuse(response, 400, "A note is sent as text=...\n");
    };
    let mut notes = NOTES.lock().unwrap();
    notes.push(text);
    // Not a page, but the address of one: so a reload does not add the note again.
    // 不直接给页面，只说页面在哪里：这样刷新就不会添加两遍。
    response.status(303).header("Location", &format!("/notes/{}", notes.len())).end();
}

fn show(_: &Request, number: &str, response: &Response) {
    let notes = NOTES.lock().unwrap();
    match number.parse::<usize>().ok().and_then(|number| notes.get(number.checked_sub(1)?)) {
        Some(text) => {
            html(response, &format!("<h1>Note {number}</h1>\n<p>{}</p>\n", escaped(text)))
        }
        None => refuse(response, 404, "There is no such note.\n"),
    }
}

const FORM: &str = "<!doctype html>
<meta charset=utf-8>
<title>Notes</title>
<form method=post action=/notes>
<p><label>A note <input name=text autofocus></label> <button>Add</button>
</form>
<form action=/notes>
<p><label>A word <input name=word></label> <button>Search</button>
</form>
<p><a href=/notes>All notes</a>
";

fn html(response: &Response, page: &str) {
    response.header("Content-Type", "text/html; charset=utf-8").end_with(page);
}

fn refuse(response: &Response, status: u16, why: &str) {
    response.status(status).header("Content-Type", "text/plain; charset=utf-8").end_with(why);
}

/// The text as HTML. The `&` is replaced first, because the others add new ones.
/// 把文本变成 HTML。先换 `&`，因为换别的会带来新的 `&`。
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// One field of a form that was sent as a query or as a body: `text=a+cup&word=tea%21`.
/// 表单里的一个字段；表单是作为查询串或者正文发来的：`text=a+cup&word=tea%21`。
fn field(form: &str, wanted: &str) -> Option<String> {
    let mut fields = form.split('&').filter_map(|field| field.split_once('='));
    let (_, value) = fields.find(|(name, _)| *name == wanted)?;
    let mut rest = value.bytes();
    // Bytes first: one character may take several.
    // 先变成字节：一个字符可能占好几个字节。
    let mut bytes = Vec::new();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(10086), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = http::create_server(|request, response| route(&request, &response));
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}
