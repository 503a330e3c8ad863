//! Blocks: from lines to headings, paragraphs, lists, tables, code.

use super::{Block, Inline, Problem, inline};

/// A line of the page, without what its list or its quote has in front of it.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    pub(super) number: usize,
    pub(super) text: &'t str,
}

impl Line<'_> {
    fn is_blank(self) -> bool {
        self.text.trim().is_empty()
    }

    fn problem<T>(self, en: &'static str, zh: &'static str) -> Result<T, Problem> {
        Err(Problem::new(self.number, en, zh))
    }
}

/// Blocks, and whether a blank line lies between two of them: in a list, that puts its items apart.
pub(super) struct Parsed {
    pub(super) blocks: Vec<Block>,
    is_spaced: bool,
}

/// The elements of HTML that a line may begin with.
const ELEMENTS: [&str; 6] = ["details", "summary", "table", "tr", "th", "td"];

pub(super) fn parse(mut lines: &[Line<'_>]) -> Result<Parsed, Problem> {
    let mut parsed = Parsed { blocks: Vec::new(), is_spaced: false };
    let mut was_blank = false;
    while let [line, rest @ ..] = lines {
        if line.is_blank() {
            (lines, was_blank) = (rest, true);
            continue;
        }
        parsed.is_spaced |= was_blank && !parsed.blocks.is_empty();
        was_blank = false;
        let (block, used) = one(lines)?;
        parsed.blocks.push(block);
        lines = &lines[used..];
    }
    Ok(parsed)
}

/// The block that begins with the first line, and how many lines it takes.
fn one(lines: &[Line<'_>]) -> Result<(Block, usize), Problem> {
    let line = lines[0];
    let text = line.text;
    if text.starts_with("    ") {
        return Ok(indented_code(lines));
    }
    if text.starts_with([' ', '\t']) {
        return line.problem(
            "spaces in front of a block: put it to the left, or four spaces for code",
            "一段的前面有空格：顶格写；如果是代码，前面写四个空格",
        );
    }
    if text.starts_with("```") {
        return fenced_code(lines);
    }
    if text.starts_with('#') {
        return heading(line);
    }
    if text.starts_with('|') {
        return table(lines);
    }
    if text.starts_with('>') {
        return quote(lines);
    }
    if Marker::of(text).is_some() {
        return list(lines);
    }
    if text.starts_with('<') && !inline::is_autolink(text) {
        return html(lines);
    }
    unknown(line)?;
    paragraph(lines)
}

/// Beginnings of blocks that CommonMark has and the lessons do not.
fn unknown(line: Line<'_>) -> Result<(), Problem> {
    let bare: String = line.text.chars().filter(|c| !c.is_whitespace()).collect();
    let only = |mark: char| bare.len() >= 3 && bare.chars().all(|c| c == mark);
    if only('-') || only('*') || only('_') || only('=') {
        return line.problem(
            "a rule, or a heading that is underlined: write headings as `## …`",
            "分隔线，或者下划线式的标题：标题请写成 `## …`",
        );
    }
    if line.text.starts_with("* ") || line.text.starts_with("+ ") {
        return line.problem("a list is written with `- `", "列表请用 `- `");
    }
    if line.text.starts_with("~~~") {
        return line.problem("a code block is written with ```", "代码块请用 ```");
    }
    let number = line.text.trim_start_matches(|c: char| c.is_ascii_digit());
    if number.len() < line.text.len() && number.starts_with(") ") {
        return line.problem("a numbered list is written with `1. `", "带编号的列表请用 `1. `");
    }
    if line.text.starts_with('[') && line.text.contains("]: ") {
        return line.problem("a link is written as `[text](target)`", "链接请写成 `[文字](目标)`");
    }
    Ok(())
}

fn heading(line: Line<'_>) -> Result<(Block, usize), Problem> {
    let level = line.text.bytes().take_while(|byte| *byte == b'#').count();
    let Some(text) = line.text[level..].strip_prefix(' ').filter(|_| level <= 6) else {
        return line.problem(
            "a heading is `#` to `######` and a space",
            "标题是 `#` 到 `######`，再加一个空格",
        );
    };
    if text.ends_with('#') {
        return line.problem("a heading has no `#` at its end", "标题的末尾不写 `#`");
    }
    let text = inline::parse(text.trim(), line.number)?;
    Ok((Block::Heading { level, text, id: String::new() }, 1))
}

fn fenced_code(lines: &[Line<'_>]) -> Result<(Block, usize), Problem> {
    let fence: String = lines[0].text.chars().take_while(|c| *c == '`').collect();
    let info = lines[0].text[fence.len()..].trim();
    if info.contains('`') {
        return lines[0]
            .problem("back-ticks in the first line of a code block", "代码块的第一行里有反引号");
    }
    let Some(end) = lines[1..].iter().position(|line| line.text.trim_end() == fence) else {
        return lines[0].problem("a code block that nothing closes", "代码块没有结束");
    };
    let text = lines[1..=end].iter().flat_map(|line| [line.text, "\n"]).collect();
    Ok((Block::Code { info: info.to_string(), number: 0, text }, end + 2))
}

fn indented_code(lines: &[Line<'_>]) -> (Block, usize) {
    let is_code = |line: &&Line<'_>| line.is_blank() || line.text.starts_with("    ");
    let mut used = lines.iter().take_while(is_code).count();
    while lines[used - 1].is_blank() {
        used -= 1;
    }
    let text = lines[..used].iter().flat_map(|line| [line.text.get(4..).unwrap_or(""), "\n"]);
    (Block::Code { info: String::new(), number: 0, text: text.collect() }, used)
}

fn quote<'t>(lines: &[Line<'t>]) -> Result<(Block, usize), Problem> {
    let inside = |line: &Line<'t>| {
        let text = line.text.strip_prefix('>')?;
        Some(Line { number: line.number, text: text.strip_prefix(' ').unwrap_or(text) })
    };
    let inner: Vec<Line<'t>> = lines.iter().map_while(inside).collect();
    let used = inner.len();
    ends_in_a_blank_line(lines, used)?;
    Ok((Block::Quote(parse(&inner)?.blocks), used))
}

/// Without one, CommonMark takes the line behind a quote or an item for a part of it.
fn ends_in_a_blank_line(lines: &[Line<'_>], used: usize) -> Result<(), Problem> {
    match lines.get(used) {
        Some(next) if !next.is_blank() => next.problem(
            "belongs to what is above, or not? Leave a line blank, or indent it",
            "这一行算不算上面那一段？请空一行，或者缩进",
        ),
        _ => Ok(()),
    }
}

fn table(lines: &[Line<'_>]) -> Result<(Block, usize), Problem> {
    let used = lines.iter().take_while(|line| line.text.starts_with('|')).count();
    ends_in_a_blank_line(lines, used)?;
    let head = row(lines[0])?;
    let is_delimiter = |cell: &str| cell.len() >= 3 && cell.bytes().all(|byte| byte == b'-');
    let delimiters = lines[..used].get(1).map(|line| split(line.text)).unwrap_or_default();
    if used < 2
        || delimiters.len() != head.len()
        || !delimiters.iter().all(|cell| is_delimiter(cell))
    {
        return lines[0].problem(
            "a table's second line is `|---|`, with as many cells as the first",
            "表格的第二行是 `|---|`，格数和第一行一样",
        );
    }
    let mut rows = Vec::new();
    for line in &lines[2..used] {
        let cells = row(*line)?;
        if cells.len() != head.len() {
            return line.problem(
                "more or fewer cells than in the table's first line",
                "格数和表格的第一行不一样",
            );
        }
        rows.push(cells);
    }
    Ok((Block::Table { head, rows }, used))
}

fn row(line: Line<'_>) -> Result<Vec<Vec<Inline>>, Problem> {
    if !line.text.trim_end().ends_with('|') || line.text.trim_end().len() < 2 {
        return line.problem("a row of a table ends in `|`", "表格的一行以 `|` 结束");
    }
    split(line.text).iter().map(|cell| inline::parse(cell, line.number)).collect()
}

/// The cells of a row. `\|` is a bar, also in code: that is undone before anything else is looked at.
fn split(text: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_escaped = false;
    for c in text.trim_end().trim_start_matches('|').chars() {
        if let Some(cell) = cells.last_mut() {
            match c {
                '|' if is_escaped => {
                    cell.pop();
                    cell.push('|');
                }
                '|' => cells.push(String::new()),
                c => cell.push(c),
            }
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    cells.pop(); // what follows the last bar
    cells.iter().map(|cell| cell.trim().to_string()).collect()
}

/// What begins an item of a list.
#[derive(PartialEq)]
struct Marker {
    number: Option<usize>,
    width: usize,
}

impl Marker {
    fn of(text: &str) -> Option<Marker> {
        if text.starts_with("- ") {
            return Some(Marker { number: None, width: 2 });
        }
        let (number, _) = text.split_once(". ")?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let width = number.len() + 2;
        is_number.then(|| Marker { number: number.parse().ok(), width })
    }
}

fn list<'t>(lines: &[Line<'t>]) -> Result<(Block, usize), Problem> {
    let mut items = Vec::new();
    let (mut used, mut is_tight) = (0, true);
    let mut is_ordered = false;
    while let Some(marker) = lines.get(used).and_then(|line| Marker::of(line.text)) {
        let first = lines[used];
        is_ordered = marker.number.is_some();
        let expected = is_ordered.then_some(items.len() + 1);
        if marker.number != expected {
            return first.problem(
                "an item of another list, or out of order: a list begins with 1. (To begin a line with a number and a dot, break it elsewhere)",
                "是另一个列表，或者编号不对：列表从 1 开始。（如果只是一行恰好以数字和点开头，请换个地方断行）",
            );
        }
        let width = marker.width;
        if first.text[width..].starts_with([' ', '\t']) {
            return first
                .problem("one space follows the mark of an item", "列表记号后面只有一个空格");
        }
        let inside = |line: &Line<'t>| match line.text.get(..width) {
            _ if line.is_blank() => Some(Line { number: line.number, text: "" }),
            Some(front) if front.trim().is_empty() => {
                Some(Line { number: line.number, text: &line.text[width..] })
            }
            _ => None,
        };
        let mut inner = vec![Line { number: first.number, text: &first.text[width..] }];
        inner.extend(lines[used + 1..].iter().map_while(inside));
        used += inner.len();
        let blanks = inner.iter().rev().take_while(|line| line.is_blank()).count();
        let next = lines.get(used);
        if blanks == 0 && next.is_some_and(|line| Marker::of(line.text).is_none()) {
            ends_in_a_blank_line(lines, used)?;
        }
        let is_last = next.is_none_or(|line| Marker::of(line.text).is_none());
        let parsed = parse(&inner)?;
        is_tight &= !parsed.is_spaced && (blanks == 0 || is_last);
        items.push(parsed.blocks);
    }
    Ok((Block::List { is_ordered, is_tight, items }, used))
}

fn html(lines: &[Line<'_>]) -> Result<(Block, usize), Problem> {
    let used = lines.iter().take_while(|line| !line.is_blank()).count();
    for line in &lines[..used] {
        for tag in line.text.split('<').skip(1) {
            let name = tag.strip_prefix('/').unwrap_or(tag);
            let name = name.split('>').next().unwrap_or_default();
            if !ELEMENTS.contains(&name) {
                return line.problem(
                    "HTML other than <details>, <summary> and the tags of a table without attributes",
                    "除了 <details>、<summary> 和不带属性的表格标签，不用别的 HTML",
                );
            }
        }
    }
    let text = lines[..used].iter().flat_map(|line| [line.text, "\n"]).collect();
    Ok((Block::Html(text), used))
}

fn paragraph(lines: &[Line<'_>]) -> Result<(Block, usize), Problem> {
    let begins_a_block = |line: &Line<'_>| {
        let text = line.text;
        line.is_blank() || text.starts_with(['#', '|', '>', '<']) || text.starts_with("```")
    };
    let used = 1 + lines[1..].iter().take_while(|line| !begins_a_block(line)).count();
    for line in &lines[1..used] {
        unknown(*line)?;
        if Marker::of(line.text).is_some() {
            return line.problem(
                "a list, or a line that happens to begin like one? Leave a line blank, or break it elsewhere",
                "是列表，还是一行恰好这样开头？请空一行，或者换个地方断行",
            );
        }
    }
    for line in &lines[..used - 1] {
        if line.text.ends_with("  ") || line.text.ends_with('\\') {
            return line.problem("a hard line break", "行末强制换行");
        }
    }
    let trimmed: Vec<&str> = lines[..used].iter().map(|line| line.text.trim()).collect();
    Ok((Block::Paragraph(inline::parse(&trimmed.join("\n"), lines[0].number)?), used))
}
