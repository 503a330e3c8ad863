//! Advice on compile errors: the next step, in English where the compiler's message does not name
//! it, and in Chinese always.

use net_notes::check::Lang;

/// The next step for messages that contain one of the signs.
struct Advice {
    signs: &'static [&'static str],
    /// `None`: the message itself says it.
    en: Option<&'static str>,
    zh: &'static str,
}

const ADVICE: &[Advice] = &[
    Advice {
        signs: &["is not an event of a socket", "is not an event of a server"],
        en: None,
        zh: "事件是类型，不是字符串：写 `socket.on(event::Data, |socket, data| …)`，不写 `socket.on(\"data\", …)`。\n套接字有套接字的事件，服务器有服务器的事件：上面的 note 里列出来了。",
    },
    Advice {
        signs: &["in module `event`"],
        en: Some(
            "There is no such event. Events of a socket: Lookup, Connect, Ready, Data, Text, Drain, Finish, Timeout, End, Error, Close;\nof a server: Listening, Connection, Drop, Error, Close.",
        ),
        zh: "没有这个事件。套接字的事件有 Lookup、Connect、Ready、Data、Text、Drain、Finish、Timeout、End、Error、Close，\n服务器的事件有 Listening、Connection、Drop、Error、Close。",
    },
    Advice {
        signs: &[
            "`Lookup` in this scope",
            "`Connect` in this scope",
            "`Ready` in this scope",
            "`Data` in this scope",
            "`Text` in this scope",
            "`Drain` in this scope",
            "`Finish` in this scope",
            "`Timeout` in this scope",
            "`End` in this scope",
            "`Error` in this scope",
            "`Close` in this scope",
            "`Listening` in this scope",
            "`Connection` in this scope",
        ],
        en: Some(
            "An event is written with its module: `use net_notes::event;` at the top, and then `event::Data`.",
        ),
        zh: "写事件要带上模块名：开头写 `use net_notes::event;`，后面写 `event::Data`。",
    },
    Advice {
        signs: &["does not say where to listen or connect"],
        en: None,
        zh: "端口是 `u16` 类型的数字，例如 `5000`；字符串先用 `text.parse::<u16>()` 转成数字。\n主机和端口写成一对：`(\"127.0.0.1\", 5000)`。",
    },
    Advice {
        signs: &["literal out of range for `u16`"],
        en: None,
        zh: "端口号的范围是 0 到 65535。",
    },
    Advice {
        signs: &["/* on_listening */", "/* on_connect */"],
        en: Some("The last argument is a function, as in Node. One that does nothing is `|_| {}`."),
        zh: "最后一个参数是函数，和 Node 一样。什么都不用做，就写 `|_| {}`。",
    },
    Advice {
        signs: &["E0593"],
        en: Some(
            "A listener takes two arguments, the socket or the server and what the event carries: `|socket, data| …`.\nThe functions given to `create_server`, `connect` and `listen` of `net` take one: `|socket| …`, `|server| …`.",
        ),
        zh: "监听器有两个参数，先是套接字（或服务器），再是事件带来的东西：`|socket, data| …`。\n传给 `net` 的 `create_server`、`connect`、`listen` 的函数只有一个参数：`|socket| …`、`|server| …`。",
    },
    Advice {
        signs: &["found for struct `ListenerId`"],
        en: Some(
            "`on` returns the listener's id, not the socket, so calls are not chained as in Node: first `let socket = …;`, then `socket.on(…);`.",
        ),
        zh: "`on` 返回的是监听器的编号，不是套接字，所以不能像 Node 那样连着写：先 `let socket = …;`，再 `socket.on(…);`。",
    },
    Advice {
        signs: &["E0373", "E0382", "E0507", "E0596", "E0597"],
        en: Some(
            "A listener outlives the function that adds it, so it has to own what it uses: write `move` in front of `|socket, …|`.\nWhat two listeners share goes into an `Arc<Mutex<…>>`, of which each owns a clone.",
        ),
        zh: "监听器比添加它的那个函数活得久，所以它用到的东西得归它自己：在 `|socket, …|` 前面写上 `move`。\n两个监听器要共用的东西，放进 `Arc<Mutex<…>>`，各自拿一个克隆。",
    },
    Advice {
        signs: &["E0521"],
        en: Some(
            "What a listener is given is only borrowed until it returns. To keep it longer, copy it: `data.to_vec()`, `text.to_string()`, `socket.clone()`.",
        ),
        zh: "传给监听器的东西只是借来的，监听器一返回就失效。要留着以后用，就复制一份：`data.to_vec()`、`text.to_string()`、`socket.clone()`。",
    },
    Advice {
        signs: &["between threads safely"],
        en: Some(
            "A listener may be called on another thread than the one that adds it, and `Rc`, `Cell` and `RefCell` stay on one thread: use `Arc<Mutex<…>>`.",
        ),
        zh: "监听器可能在别的线程上调用，而 `Rc`、`Cell`、`RefCell` 只能留在一个线程里：改用 `Arc<Mutex<…>>`。",
    },
    Advice {
        signs: &["captured variable in a `Fn` closure"],
        en: Some(
            "All connections share a server's listener, each on its own thread, so it cannot change a plain variable: use an `AtomicUsize` or a `Mutex`.",
        ),
        zh: "服务器的监听器由所有连接共用，每条连接一个线程，所以不能直接修改普通变量：改用 `AtomicUsize` 或 `Mutex`。",
    },
    Advice {
        signs: &["`[u8]` doesn't implement"],
        en: Some("`event::Data` carries bytes. For text listen to `event::Text`."),
        zh: "`event::Data` 带来的是字节。要文本，就监听 `event::Text`。",
    },
    Advice {
        signs: &["AsRef<[u8]>"],
        en: Some(
            "`write` takes text or bytes. A number becomes text with `format!(\"{number}\")`.",
        ),
        zh: "`write` 要的是文本或字节。数字先用 `format!(\"{number}\")` 变成文本。",
    },
];

/// The advice on a compiler's message.
pub(super) fn advice(message: &str, lang: Lang) -> impl Iterator<Item = &'static str> {
    ADVICE
        .iter()
        .filter(move |advice| advice.signs.iter().any(|sign| message.contains(sign)))
        .filter_map(move |advice| lang.pick(advice.en, Some(advice.zh)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The errors of `tests/ui`, by file. That the compiler says so is tested in `tests/it/diagnostics.rs`.
    fn errors() -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
            .filter(|(_, message)| message.starts_with("error"))
            .collect()
    }

    #[test]
    fn every_error_comes_with_a_next_step_in_both_languages() {
        assert!(!errors().is_empty());
        for (name, message) in errors() {
            let says_it_itself = message.lines().count() > 1;
            assert!(says_it_itself || advice(&message, Lang::En).next().is_some(), "{name}");
            assert!(advice(&message, Lang::Zh).next().is_some(), "{name}");
        }
    }

    #[test]
    fn every_advice_is_for_an_error_of_a_ui_test() {
        let errors = errors();
        for advice in ADVICE {
            let of_this = |message: &String| advice.signs.iter().any(|sign| message.contains(sign));
            assert!(errors.iter().any(|(_, message)| of_this(message)), "{:?}", advice.signs);
        }
    }

    #[test]
    fn the_events_are_the_same_as_in_the_messages_of_the_library() {
        let no_such_event = "error[E0425]: cannot find value `Dat` in module `event`";
        for (name, message) in errors().iter().filter(|(name, _)| name.contains("event_as_string"))
        {
            for events in message.lines().filter_map(|line| line.split("events of a ").nth(1)) {
                let (_, events) = events.split_once(": ").unwrap();
                let events = events.split(", as").next().unwrap();
                for (lang, comma) in [(Lang::En, ", "), (Lang::Zh, "、")] {
                    let advice: String = advice(no_such_event, lang).collect();
                    assert!(advice.contains(&events.replace(", ", comma)), "{name}: {events}");
                }
            }
        }
    }
}
