//! The `console` blocks of a lesson: which commands are run in which terminal, and what the page shows under them.
//!
//! The format is described in `tests/it/lessons.rs`, which runs all blocks as tests.

use net_notes::check::Localized;

use crate::coach::pages::{console, markdown};

/// A part of the page that shows one terminal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Counted from 1, in the order of the page.
    pub(super) number: usize,
    pub(super) terminal: String,
    pub(super) commands: Vec<Typed>,
    /// The number of the first block of the session: blocks with a program between them are run together.
    pub(super) session: usize,
}

/// A command as the page shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// The text behind `$ `, with the lines that continue it.
    pub(super) line: String,
    /// The number of lines that the page shows under it, before anything else happens.
    pub(super) shown: usize,
}

/// A file that the page provides in the folder of its commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

/// The console blocks of a page, and the files that it gives to its commands.
pub(super) fn read(text: &str) -> Result<(Vec<Block>, Vec<File>), Localized> {
    let page = markdown::parse(text).map_err(|problem| {
        let line = problem.line;
        problem.what.behind(format!("line {line}"), format!("第 {line} 行"))
    })?;
    let blocks = console::of_page(&page).into_iter().map(|console| Block {
        number: console.number,
        terminal: console.terminal,
        commands: commands(&console.text),
        session: console.session,
    });
    let blocks = blocks.collect();
    let mut files = Vec::new();
    collect_files(&page, &mut files);
    Ok((blocks, files))
}

fn collect_files(blocks: &[markdown::Block], files: &mut Vec<File>) {
    for block in blocks {
        match block {
            markdown::Block::Code { info, text, .. }
                if matches!(markdown::language(info), "js" | "haproxy") =>
            {
                files.extend(file(text));
            }
            markdown::Block::Quote(inner) => collect_files(inner, files),
            markdown::Block::List { items, .. } => {
                items.iter().for_each(|item| collect_files(item, files));
            }
            _ => {}
        }
    }
}

/// `// server.js` or `# tls.cfg` in the first line is the name of the file.
fn file(text: &str) -> Option<File> {
    let first = text.lines().next()?;
    let name = first.strip_prefix("// ").or_else(|| first.strip_prefix("# "))?;
    let is_name = name.ends_with(".js") || name.ends_with(".cfg");
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    (is_name && is_plain).then(|| File { name: name.to_string(), text: text.to_string() })
}

fn commands(text: &str) -> Vec<Typed> {
    let mut commands: Vec<Typed> = Vec::new();
    let mut lines = text.lines().map(str::trim_end).peekable();
    let mut counts = false; // nothing was typed since the command
    while let Some(line) = lines.next() {
        if let Some(first) = line.strip_prefix("$ ") {
            let mut typed = first.to_string();
            while let Some(more) = lines.next_if(|line| line.starts_with("> ") || *line == ">") {
                typed.push('\n');
                typed.push_str(more[1..].strip_prefix(' ').unwrap_or_default());
            }
            commands.push(Typed { line: typed, shown: 0 });
            counts = true;
        } else if matches!(line, "^C" | "^D") || line.ends_with('⏎') {
            counts = false;
        } else if let Some(last) = commands.last_mut().filter(|_| counts && !line.is_empty()) {
            last.shown += 1;
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# 03

```js
// server.js
const net = require('net')
```
```js
const other = 1
```
```console
$ node -e 'x'
::
```
```console terminal 1
$ cargo run --example 03_server
server started: port 5000.
```
text

```console terminal 2
$ nc 127.0.0.1 5000
one⏎
Bye!
^D
$ printf 'three\\n' \\
> | nc 127.0.0.1 5000
Hello!

Bye!
```
```console terminal 1
server connected
^C
$ echo $?
1
```

- a list

  ```console
  $ true
  ```

````text
```console
$ no command
```
````
";

    #[test]
    fn a_page_is_taken_apart_into_sessions() {
        let (blocks, files) = read(PAGE).expect("it is known");
        let typed = |line: &str, shown| Typed { line: line.to_string(), shown };
        let block = |number, terminal: &str, commands, session| Block {
            number,
            terminal: terminal.to_string(),
            commands,
            session,
        };
        let printf = "printf 'three\\n' \\\n| nc 127.0.0.1 5000";
        assert_eq!(
            blocks,
            [
                block(1, "1", vec![typed("node -e 'x'", 1)], 1),
                block(2, "1", vec![typed("cargo run --example 03_server", 1)], 2),
                block(3, "2", vec![typed("nc 127.0.0.1 5000", 0), typed(printf, 2)], 2),
                block(4, "1", vec![typed("echo $?", 1)], 2),
                block(5, "1", vec![typed("true", 0)], 5),
            ]
        );
        let text = "// server.js\nconst net = require('net')\n".to_string();
        assert_eq!(files, [File { name: "server.js".into(), text }]);
    }

    #[test]
    fn a_file_lies_in_the_folder_of_the_page() {
        for name in ["../x.js", "/x.js", "a/b.js", "x.sh", "x y.js", ".js\0"] {
            assert_eq!(file(&format!("// {name}\n")), None, "{name}");
        }
    }
}
