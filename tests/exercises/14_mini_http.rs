//! Exercise 14: a router for a notebook in the browser. The task is under “Exercise” in
//! lessons/14_mini_http.md.
//!
//! Start it with `cargo run -- run 14`, and open http://127.0.0.1:10086/ in a browser. Add a note:
//! its page is not found. `cargo run -- check 14` says what else is missing.
//!
//! 练习 14：给浏览器里的记事本写一个路由。题目见 lessons/zh/14_mini_http.md 的“练习”一节。
//!
//! 用 `cargo run -- run 14` 启动它，在浏览器里打开 http://127.0.0.1:10086/。添加一条笔记：
//! 它的页面找不到。还缺什么，`cargo run -- check 14` 会告诉你。

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
    // TODO: this does not know the `*`, nor that a query may follow the path.
    // TODO：这里不认识 `*`，也不知道路径后面可以有查询串。
    for (method, path, answer) in ROUTES {
        if method == request.method() && path == request.target() {
            return answer(request, "", response);
        }
    }
    // TODO: if the table has the path, but not with this method, answer 405, with a header `Allow`
    // that lists its methods.
    // TODO：表里有这个路径，却没有这个方法，就响应 405，并用头部字段 `Allow` 列出它有哪些方法。

    // TODO: answer HEAD like GET. (The module leaves out the body.)
    // TODO：HEAD 和 GET 一样响应。（正文由模块去掉。）
    refuse(response, 404, "There is nothing here.\n");
}

fn home(_: &Request, _: &str, response: &Response) {
    html(response, FORM);
}

// TODO: what a user types is text, and a page is HTML. So it must not go into the page as it is:
// here, and in `show`.
// TODO：别人输入的是文本，页面是 HTML，所以不能原样放进页面：这里如此，`show` 里也一样。
fn list(request: &Request, _: &str, response: &Response) {
    let word = request.query().and_then(|query| field(query, "word")).unwrap_or_default();
    let mut page = format!("<h1>Notes {word}</h1>\n<ol>\n");
    for (at, text) in NOTES.lock().unwrap().iter().enumerate() {
        if text.contains(&word) {
            page += &format!("<li value={}>{text}</li>\n", at + 1);
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
        Some(text) => html(response, &format!("<h1>Note {number}</h1>\n<p>{text}</p>\n")),
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
