//! The pages, and the data that a form sends. Uses no socket.

/// A form without a script: the browser itself composes the request.
pub const FORM: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A form</title>
<h1>Say something</h1>
<form method="post" action="/">
<p><label>Name <input name="name" autofocus></label>
<p><label>Message <textarea name="message"></textarea></label>
<p><button>Send</button>
</form>
</html>
"#;

/// Shows the body of a request, raw and decoded.
pub fn answer(body: &[u8]) -> String {
    let raw = escaped(&String::from_utf8_lossy(body));
    let mut list = String::new();
    for (name, value) in fields(body) {
        list += &format!("<dt>{}</dt><dd>{}</dd>\n", escaped(&name), escaped(&value));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>An answer</title>\n\
         <style>dd, code {{ white-space: pre-wrap; overflow-wrap: anywhere }}</style>\n\
         <h1>You have sent</h1>\n<dl>\n{list}</dl>\n<p>In {} bytes: <code>{raw}</code>\n\
         <p><a href=\"/\">Once more</a>\n</html>\n",
        body.len()
    )
}

/// Returns the fields of a form in `application/x-www-form-urlencoded`: `name=Ming&message=a+b%21`.
fn fields(body: &[u8]) -> Vec<(String, String)> {
    let fields = body.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    fields
        .map(|field| {
            let mut halves = field.splitn(2, |byte| *byte == b'=').map(decoded);
            (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
        })
        .collect()
}

/// Decodes a text: `+` is a space, `%E4` is the byte E4. First all the bytes, and then the text: a
/// character may be several of them.
fn decoded(mut text: &[u8]) -> String {
    let mut bytes = Vec::new();
    while let [first, rest @ ..] = text {
        let (byte, rest) = match (first, rest) {
            (b'+', rest) => (b' ', rest),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'%', rest),
            },
            (first, rest) => (*first, rest),
        };
        bytes.push(byte);
        text = rest;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Escapes text that a user has typed, even if it looks like HTML. Otherwise it could be a script
/// on your page.
fn escaped(text: &str) -> String {
    let mut html = String::new();
    for c in text.chars() {
        match c {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            c => html.push(c),
        }
    }
    html
}
