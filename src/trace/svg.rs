//! A diagram as a picture: plain SVG, without scripts and embedded fonts.

use std::fmt;

use super::diagram::{Diagram, End, Mark, Side, Step};
use crate::quote::{columns, escaped, milliseconds};

/// The diagrams, one below the other, on one sheet.
pub(super) struct Svg<'a>(pub(super) &'a [Diagram]);

const WIDTH: u32 = 710;
/// The right edge of the times, and the two lifelines.
const TIME: u32 = 84;
const LEFT: u32 = 204;
const RIGHT: u32 = 584;
/// The margin above and below each diagram.
const MARGIN: u32 = 20;
/// The height of the box with a name.
const BOX: u32 = 26;
/// The distance from one step to the next: an arrow, and its label above it.
const STEP: u32 = 30;
/// The maximum length of a name, in columns.
const NAME: usize = 24;

/// The sheet has its own background, so that it is legible on any page, even if neither a light nor
/// a dark colour scheme is reported.
const STYLE: &str = "\
.wire{color:#1f2328}.wire text{fill:currentColor;unicode-bidi:bidi-override}.wire circle{fill:currentColor}
.wire path{fill:currentColor;stroke:currentColor;stroke-width:1.5}
.wire .sheet{fill:#fff;stroke:#d1d9e0}.wire .name{fill:#eef1f4;stroke:#aab4be}
.wire .time{color:#59636e}.wire .system{color:#818b98;stroke-dasharray:4 4}.wire .program{stroke-width:3}
.wire .connect{color:#1a7f37}.wire .data{color:#0a5cc2}.wire .fin{color:#8a3fc7}.wire .reset{color:#cf222e}
@media (prefers-color-scheme:dark){
.wire{color:#dfe5ec}.wire .sheet{fill:#161b22;stroke:#3d444d}.wire .name{fill:#262d36;stroke:#59636e}
.wire .time{color:#9aa5b1}.wire .system{color:#6e7985}
.wire .connect{color:#56d364}.wire .data{color:#79b8ff}.wire .fin{color:#d2a8ff}.wire .reset{color:#ff7b72}}";

const FONT: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

impl fmt::Display for Svg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.iter().map(height).sum::<u32>().max(2 * MARGIN);
        let title = match self.0 {
            [] => "Nothing has crossed the wire yet".to_string(),
            [Diagram { ends: [left, right], .. }] => {
                format!("Between {} and {}", xml(&name(left)), xml(&name(right)))
            }
            several => format!("{} connections", several.len()),
        };
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="wire" role="img" width="{WIDTH}" height="{size}" viewBox="0 0 {WIDTH} {size}" font-family="{FONT}" font-size="12" text-anchor="middle" xml:space="preserve">
<title>{title}</title>
<desc>A sequence diagram. Time goes downwards, in milliseconds. An arrow is what one end sends to the other, a word beside a line is what that end does. A line is dashed where only the system has the connection, and no program.</desc>
<style>
{STYLE}
</style>
<rect class="sheet" x="0.5" y="0.5" width="{}" height="{}" rx="8"/>"#,
            WIDTH - 1,
            size - 1
        )?;
        if self.0.is_empty() {
            writeln!(f, r#"<text x="{}" y="{}">{title}</text>"#, WIDTH / 2, MARGIN + 4)?;
        }
        let mut top = 0;
        for diagram in self.0 {
            writeln!(f, r#"<g transform="translate(0 {})">"#, top + MARGIN)?;
            draw(f, diagram)?;
            writeln!(f, "</g>")?;
            top += height(diagram);
        }
        writeln!(f, "</svg>")
    }
}

/// The height of a diagram, with its margins.
fn height(diagram: &Diagram) -> u32 {
    2 * MARGIN + bottom(diagram)
}

/// The lower end of the lifelines.
fn bottom(diagram: &Diagram) -> u32 {
    y(diagram.steps.len())
}

fn y(step: usize) -> u32 {
    BOX + STEP * (step as u32 + 1)
}

fn x(side: Side) -> u32 {
    match side {
        Side::Left => LEFT,
        Side::Right => RIGHT,
    }
}

/// The class of a mark in the style sheet.
fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Connect => "connect",
        Mark::Data => "data",
        Mark::Fin => "fin",
        Mark::Reset => "reset",
        Mark::Accept | Mark::Read | Mark::Close => "note",
    }
}

fn draw(f: &mut fmt::Formatter<'_>, diagram: &Diagram) -> fmt::Result {
    writeln!(f, r#"<text class="time" x="{TIME}" y="17" text-anchor="end">ms</text>"#)?;
    for (side, end) in [Side::Left, Side::Right].into_iter().zip(&diagram.ends) {
        lifeline(f, side, end, diagram)?;
    }
    for (n, step) in diagram.steps.iter().enumerate() {
        let side = if step.side == Side::Left { "left" } else { "right" };
        let class = class(step.mark);
        write!(f, r#"<g class="{side} {class}" transform="translate(0 {})">"#, y(n))?;
        let time = milliseconds(step.time);
        write!(
            f,
            r#"<text class="time" x="{TIME}" y="4" text-anchor="end">{}</text>"#,
            time.trim()
        )?;
        if step.mark.crosses() {
            arrow(f, step)?
        } else {
            note(f, step)?
        }
        writeln!(f, "</g>")?;
    }
    Ok(())
}

/// Draws a name, and a line below it: dashed, and solid while the program has the connection.
fn lifeline(f: &mut fmt::Formatter<'_>, side: Side, end: &End, diagram: &Diagram) -> fmt::Result {
    let (x, bottom, name) = (x(side), bottom(diagram), name(end));
    let width = 8 * columns(&name) as u32 + 20;
    writeln!(
        f,
        r#"<rect class="name" x="{}" y="0.5" width="{width}" height="{}" rx="4"/><text x="{x}" y="17" font-weight="bold">{}</text>"#,
        x - width / 2,
        BOX - 1,
        xml(&name)
    )?;
    writeln!(f, r#"<path class="system" d="M{x} {BOX}V{bottom}"/>"#)?;
    if end.watched {
        let at = |marks: &[Mark]| {
            let found = |step: &Step| step.side == side && marks.contains(&step.mark);
            diagram.steps.iter().position(found).map(y)
        };
        let from = at(&[Mark::Connect, Mark::Accept]).unwrap_or(BOX);
        let to = at(&[Mark::Close]).unwrap_or(bottom);
        writeln!(f, r#"<path class="program" d="M{x} {from}V{to}"/>"#)?;
    }
    Ok(())
}

/// Draws an arrow from one lifeline to the other, with the label above it.
fn arrow(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    let line = match step.side {
        Side::Left => format!("M{LEFT} 0H{}l-9 -4.5v9l9 -4.5", RIGHT - 3),
        Side::Right => format!("M{RIGHT} 0H{}l9 -4.5v9l-9 -4.5", LEFT + 3),
    };
    let (middle, label) = ((LEFT + RIGHT) / 2, xml(&step.label));
    write!(f, r#"<path d="{line}"/><text x="{middle}" y="-6">{label}</text>"#)
}

/// Draws a note outside the two lifelines, at a dot or a cross.
fn note(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    let x = x(step.side);
    match step.mark {
        Mark::Close => write!(f, r#"<path d="M{} -5l10 10m0 -10l-10 10"/>"#, x - 5)?,
        _ => write!(f, r#"<circle cx="{x}" cy="0" r="4"/>"#)?,
    }
    let (x, anchor) = match step.side {
        Side::Left => (x - 14, "end"),
        Side::Right => (x + 14, "start"),
    };
    let label = xml(&step.label);
    write!(f, r#"<text x="{x}" y="4" text-anchor="{anchor}">{label}</text>"#)
}

/// Returns a name, which may be any text, without control characters, which XML does not allow, and
/// shortened.
fn name(end: &End) -> String {
    escaped(end.name.as_bytes(), NAME)
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::diagram::{diagrams, tests::sample};

    fn drawn(names: [&str; 2], bytes: &[u8]) -> String {
        let (lanes, rows) = sample(names, bytes);
        Svg(&diagrams(&lanes, &rows)).to_string()
    }

    /// Returns the part of each line that begins with `start`, without what is the same in all
    /// pictures.
    fn lines<'a>(svg: &'a str, start: &str) -> Vec<&'a str> {
        svg.lines().filter_map(|line| line.strip_prefix(start)).collect()
    }

    /// Checks as much of XML as is written here: every tag is closed in its place, every `&` begins
    /// a character reference, and there is no control character.
    fn assert_well_formed(svg: &str) {
        assert!(svg.chars().all(|c| !c.is_control() || c == '\n'), "{svg:?}");
        for (at, _) in svg.match_indices('&') {
            assert!(["&amp;", "&lt;", "&gt;"].iter().any(|it| svg[at..].starts_with(it)), "{svg}");
        }
        let mut open: Vec<&str> = Vec::new();
        for (at, part) in svg.split('<').enumerate() {
            let Some((tag, text)) = part.split_once('>') else {
                assert_eq!((at, part), (0, ""), "{svg}");
                continue;
            };
            assert!(!text.contains('>') && tag.matches('"').count() % 2 == 0, "{part:?}");
            let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap_or_default();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{svg}");
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert_eq!(open, [""; 0], "{svg}");
    }

    #[test]
    fn every_kind_of_step_is_drawn() {
        let svg = drawn(["client", "server"], b"hi");
        assert_well_formed(&svg);
        let steps = [
            r#"left connect" transform="translate(0 56)"><text class="time" x="84" y="4" text-anchor="end">0.000</text><path d="M204 0H581l-9 -4.5v9l9 -4.5"/><text x="394" y="-6">connect</text></g>"#,
            r#"right note" transform="translate(0 86)"><text class="time" x="84" y="4" text-anchor="end">1.000</text><circle cx="584" cy="0" r="4"/><text x="598" y="4" text-anchor="start">accepts</text></g>"#,
            r#"left data" transform="translate(0 116)"><text class="time" x="84" y="4" text-anchor="end">2.000</text><path d="M204 0H581l-9 -4.5v9l9 -4.5"/><text x="394" y="-6">"hi" 2 B</text></g>"#,
            r#"left fin" transform="translate(0 146)"><text class="time" x="84" y="4" text-anchor="end">3.000</text><path d="M204 0H581l-9 -4.5v9l9 -4.5"/><text x="394" y="-6">FIN</text></g>"#,
            r#"right note" transform="translate(0 176)"><text class="time" x="84" y="4" text-anchor="end">4.000</text><circle cx="584" cy="0" r="4"/><text x="598" y="4" text-anchor="start">reads 2 B</text></g>"#,
            r#"right note" transform="translate(0 206)"><text class="time" x="84" y="4" text-anchor="end">5.000</text><circle cx="584" cy="0" r="4"/><text x="598" y="4" text-anchor="start">reads FIN</text></g>"#,
            r#"right note" transform="translate(0 236)"><text class="time" x="84" y="4" text-anchor="end">6.000</text><path d="M579 -5l10 10m0 -10l-10 10"/><text x="598" y="4" text-anchor="start">closes</text></g>"#,
            r#"right reset" transform="translate(0 266)"><text class="time" x="84" y="4" text-anchor="end">7.000</text><path d="M584 0H207l9 -4.5v9l-9 -4.5"/><text x="394" y="-6">reset</text></g>"#,
            r#"left note" transform="translate(0 296)"><text class="time" x="84" y="4" text-anchor="end">8.000</text><path d="M199 -5l10 10m0 -10l-10 10"/><text x="190" y="4" text-anchor="end">closes</text></g>"#,
        ];
        let (connection, alone) = svg.split_once("</g>\n<g transform").expect("two connections");
        assert_eq!(lines(connection, r#"<g class=""#), steps);
        // The other end of the second connection is not watched: what it sent is an arrow.
        let alone: String = lines(alone, r#"<g class=""#).join("\n");
        for (class, label) in [("right data", r#""hi" 2 B"#), ("right fin", "FIN")] {
            let found =
                |line: &str| line.starts_with(class) && line.contains(&format!(">{label}<"));
            assert!(alone.lines().any(found), "no {class} {label} in {alone}");
        }
        assert!(svg.contains(">127.0.0.1:5000</text>"), "{svg}");
    }

    /// Solid from its own first step to its close, or to the bottom; not at all if the end is not
    /// watched.
    #[test]
    fn a_line_is_solid_while_the_program_has_the_connection() {
        let svg = drawn(["client", "server"], b"hi");
        let solid = lines(&svg, r#"<path class="program" d=""#);
        assert_eq!(solid, [r#"M204 56V296"/>"#, r#"M584 86V236"/>"#, r#"M204 56V176"/>"#]);
        let dashed = lines(&svg, r#"<path class="system" d=""#);
        let first = [r#"M204 26V326"/>"#, r#"M584 26V326"/>"#];
        assert_eq!(dashed, [first, [r#"M204 26V176"/>"#, r#"M584 26V176"/>"#]].concat());
        assert!(svg.contains(r#"height="582" viewBox="0 0 710 582""#), "{svg}");
        assert!(svg.contains(r#"<g transform="translate(0 386)">"#), "the second below: {svg}");
    }

    #[test]
    fn whatever_was_sent_it_is_text_in_well_formed_xml() {
        let every_byte: Vec<u8> = (0..=255).collect();
        let noncharacters = "\u{fffe}\u{ffff}\u{feff}\u{202e}\u{85}".as_bytes();
        let hostile: [&[u8]; 6] = [
            b"</text><script>",
            b"]]>&lt;\"'",
            noncharacters,
            "\u{7}中文  🎉".as_bytes(),
            b"",
            b"\xc3",
        ];
        for bytes in every_byte.chunks(8).chain(hostile) {
            let name = String::from_utf8_lossy(bytes);
            let svg = drawn([&name, &name], bytes);
            assert_well_formed(&svg);
            let unseen = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202e}');
            assert!(!svg.contains(unseen) && !svg.contains("<script"), "{svg}");
        }
        let svg = drawn(["a<b>&c", "客户端"], "a<b>&c \"中\"".as_bytes());
        assert!(svg.contains(r#"<title>2 connections</title>"#), "{svg}");
        assert!(
            svg.contains(">a&lt;b&gt;&amp;c</text>") && svg.contains(">客户端</text>"),
            "{svg}"
        );
        assert!(svg.contains(r#">"a&lt;b&gt;&amp;c \"中\"" 12 B</text>"#), "{svg}");
    }

    #[test]
    fn what_is_long_is_cut() {
        let svg = drawn([&"n".repeat(100), "s"], &[b'W'; 65536]);
        assert!(svg.contains(&format!(">{}…</text>", "n".repeat(NAME - 1))), "{svg}");
        assert!(svg.contains(&format!(">\"{}…\" 65536 B</text>", "W".repeat(31))), "{svg}");
        // The box of the longest name stays on the sheet.
        let widest = 8 * NAME as u32 + 20;
        assert!(LEFT > widest / 2 && RIGHT + widest / 2 < WIDTH && RIGHT - LEFT > widest);
    }

    #[test]
    fn an_empty_log_is_a_picture_too() {
        let svg = Svg(&[]).to_string();
        assert_well_formed(&svg);
        assert!(svg.contains(r#">Nothing has crossed the wire yet</text>"#), "{svg}");
    }
}
