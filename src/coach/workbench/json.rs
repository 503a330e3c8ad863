//! JSON as the workbench speaks it: objects of any depth are written, flat ones are read.

use crate::coach::json::{list, string};

/// The longest request of a page, in bytes: more than it types in one piece.
pub(super) const READ_MAX: usize = 64 * 1024;

/// Builds one object.
#[derive(Debug, Clone, Default)]
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Object {
        Object::default()
    }

    /// The first member of every event.
    pub(super) fn kind(kind: &str) -> Object {
        Object::new().text("kind", kind)
    }

    pub(super) fn text(self, name: &str, value: &str) -> Object {
        let value = string(value);
        self.json(name, &value)
    }

    pub(super) fn number(self, name: &str, value: u64) -> Object {
        self.json(name, &value.to_string())
    }

    pub(super) fn flag(self, name: &str, value: bool) -> Object {
        self.json(name, if value { "true" } else { "false" })
    }

    /// `null`, if there is no text.
    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Object {
        match value {
            Some(value) => self.text(name, value),
            None => self.json(name, "null"),
        }
    }

    pub(super) fn texts<'t>(self, name: &str, values: impl IntoIterator<Item = &'t str>) -> Object {
        self.json(name, &list(values.into_iter().map(string)))
    }

    pub(super) fn objects(self, name: &str, values: impl IntoIterator<Item = Object>) -> Object {
        self.json(name, &list(values.into_iter().map(Object::end)))
    }

    /// `value` is JSON already.
    pub(super) fn json(mut self, name: &str, value: &str) -> Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0 += &string(name);
        self.0.push(':');
        self.0 += value;
        self
    }

    /// The whole object.
    pub(super) fn end(self) -> String {
        if self.0.is_empty() { "{}".into() } else { self.0 + "}" }
    }
}

/// One member's value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Number(u64),
    Flag(bool),
}

/// An object that a page has sent: texts, whole numbers and flags. Anything else is refused, as our pages do not send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Parses an object. The error names the problem.
    pub(super) fn parse(bytes: &[u8]) -> Result<Fields, &'static str> {
        if bytes.len() > READ_MAX {
            return Err("too long");
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8")?;
        let mut reader = Reader(text);
        let fields = reader.object()?;
        reader.blanks();
        if reader.0.is_empty() { Ok(fields) } else { Err("something follows the object") }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }
}

struct Reader<'t>(&'t str);

impl Reader<'_> {
    fn blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Consumes this byte if it is next.
    fn take(&mut self, what: &str) -> bool {
        self.blanks();
        let rest = self.0.strip_prefix(what);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn object(&mut self) -> Result<Fields, &'static str> {
        if !self.take("{") {
            return Err("not an object");
        }
        let mut fields = Fields(Vec::new());
        if self.take("}") {
            return Ok(fields);
        }
        loop {
            self.blanks();
            let name = self.string()?;
            if fields.value(&name).is_some() {
                return Err("a name twice");
            }
            if !self.take(":") {
                return Err("no colon after a name");
            }
            let value = self.one_value()?;
            fields.0.push((name, value));
            if self.take("}") {
                return Ok(fields);
            }
            if !self.take(",") {
                return Err("no comma between two members");
            }
        }
    }

    fn one_value(&mut self) -> Result<Value, &'static str> {
        self.blanks();
        if self.0.starts_with('"') {
            return self.string().map(Value::Text);
        }
        let end =
            self.0.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'));
        let (word, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        match word {
            "true" => Ok(Value::Flag(true)),
            "false" => Ok(Value::Flag(false)),
            _ => {
                let digits = word.bytes().all(|byte| byte.is_ascii_digit());
                let plain = digits && (word == "0" || !word.starts_with('0'));
                let number = word.parse().ok().filter(|_| plain);
                number.map(Value::Number).ok_or("neither a text, a whole number, true nor false")
            }
        }
    }

    fn string(&mut self) -> Result<String, &'static str> {
        let Some(rest) = self.0.strip_prefix('"') else { return Err("not a string") };
        let mut text = String::new();
        let mut chars = rest.chars();
        loop {
            match chars.next().ok_or("a string without its end")? {
                '"' => break,
                '\0'..='\x1f' => return Err("a control character in a string"),
                '\\' => {
                    let escaped = match chars.next().ok_or("a string without its end")? {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        c @ ('"' | '\\' | '/') => c,
                        'u' => {
                            let (c, rest) = unicode(chars.as_str()).ok_or("a wrong \\u")?;
                            chars = rest.chars();
                            c
                        }
                        _ => return Err("an unknown escape"),
                    };
                    text.push(escaped);
                }
                c => text.push(c),
            }
        }
        self.0 = chars.as_str();
        Ok(text)
    }
}

/// The character of `\u` and four digits, of which two may make one, and what follows.
fn unicode(text: &str) -> Option<(char, &str)> {
    let four = |text: &str| -> Option<u32> {
        let digits = text.get(..4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = four(text)?;
    let rest = &text[4..];
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, rest));
    }
    let second = four(rest.strip_prefix("\\u")?).filter(|low| (0xdc00..0xe000).contains(low))?;
    let both = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    Some((char::from_u32(both)?, &rest[6..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_one_line_of_json() {
        let inner = Object::new().flag("fault", false);
        let object = Object::kind("out").text("text", "a\"b\\\n\r\u{1}é").number("n", 7);
        let object = object.maybe("rule", None).texts("done", ["01", "02"]).objects("all", [inner]);
        assert_eq!(
            object.end(),
            r#"{"kind":"out","text":"a\"b\\\n\u000d\u0001é","n":7,"rule":null,"done":["01", "02"],"all":[{"fault":false}]}"#
        );
        assert_eq!(Object::new().end(), "{}");
    }

    #[test]
    fn what_is_read_was_written() {
        let text: String = (0..0x3000).filter_map(char::from_u32).chain(['😀']).collect();
        let written =
            Object::new().text("text", &text).number("n", u64::MAX).flag("end", true).end();
        let fields = Fields::parse(written.as_bytes()).unwrap();
        assert_eq!(fields.text("text"), Some(&*text));
        assert_eq!((fields.number("n"), fields.flag("end")), (Some(u64::MAX), Some(true)));
        assert_eq!(
            (fields.number("text"), fields.text("n"), fields.flag("none")),
            (None, None, None)
        );
    }

    #[test]
    fn blanks_and_escapes_are_read() {
        let fields = Fields::parse(br#" { "a" : "\u00e9\ud83d\ude00\/\b\f" , "b":0 } "#).unwrap();
        assert_eq!(fields.text("a"), Some("é😀/\u{8}\u{c}"));
        assert_eq!(fields.number("b"), Some(0));
        assert_eq!(Fields::parse(b"{}"), Ok(Fields(Vec::new())));
    }

    #[test]
    fn what_no_page_of_ours_sends_is_refused() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(READ_MAX));
        for (text, why) in [
            (&b""[..], "not an object"),
            (b"[]", "not an object"),
            (b"a=1", "not an object"),
            (b"{", "not a string"),
            (b"{\"a\"", "no colon"),
            (b"{\"a\" 1}", "no colon"),
            (b"{\"a\":1", "no comma"),
            (b"{\"a\":1,}", "not a string"),
            (b"{\"a\":1}}", "something follows"),
            (b"{\"a\":1}\0", "something follows"),
            (b"{\"a\":1,\"a\":2}", "twice"),
            (b"{\"a\":01}", "neither"),
            (b"{\"a\":-1}", "neither"),
            (b"{\"a\":+1}", "neither"),
            (b"{\"a\":1e3}", "neither"),
            (b"{\"a\":1.0}", "neither"),
            (b"{\"a\":18446744073709551616}", "neither"),
            (b"{\"a\":}", "neither"),
            (b"{\"a\":null}", "neither"),
            (b"{\"a\":{}}", "neither"),
            (b"{\"a\":[]}", "neither"),
            (b"{\"a\":\"", "without its end"),
            (b"{\"a\":\"\\", "without its end"),
            (b"{\"a\":\"\n\"}", "control"),
            (b"{\"a\":\"\\x\"}", "escape"),
            (b"{\"a\":\"\\u12\"}", "\\u"),
            (b"{\"a\":\"\\ud800\"}", "\\u"),
            (b"{\"a\":\"\\udc00\"}", "\\u"),
            (b"{\"a\":\"\\ud800\\u0041\"}", "\\u"),
            (b"{\"a\":\"\\u+123\"}", "\\u"),
            ("{\"a\":\"\\u12é\"}".as_bytes(), "\\u"),
            (b"{\"a\":\"\xff\"}", "UTF-8"),
            (long.as_bytes(), "too long"),
        ] {
            let error = Fields::parse(text).unwrap_err();
            assert!(error.contains(why), "{:?}: {error}", String::from_utf8_lossy(text));
        }
    }
}
