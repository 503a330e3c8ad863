//! Compares an output with the one on the page, except for what differs in every run.

/// One step of the output that a page expects.
#[derive(Clone, Debug)]
pub enum Want {
    Line(String),
    /// Any number of blank lines, at the boundary of two blocks.
    Blanks,
    /// `…`
    Anything,
}

/// The extent to which an output agrees with the page.
#[derive(Debug)]
pub struct Match {
    /// All of the page's lines were seen; more may have followed.
    pub reached: bool,
    /// The output consists of these lines only.
    pub exact: bool,
    /// The first line of the output that does not match.
    pub misfit: Option<usize>,
}

/// Compares line by line, all possible readings of `…` at once.
pub fn compare(wanted: &[Want], lines: &[String]) -> Match {
    let end = wanted.len();
    let mut at = vec![false; end + 1]; // at[i]: the next line may be wanted[i]
    at[0] = true;
    skip_optional(wanted, &mut at);
    let mut result = Match { reached: at[end], exact: false, misfit: None };
    for (number, line) in lines.iter().enumerate() {
        let line = normal(line);
        let mut next = vec![false; end + 1];
        for (i, want) in wanted.iter().enumerate().filter(|(i, _)| at[*i]) {
            match want {
                Want::Line(text) => next[i + 1] |= normal(text) == line,
                Want::Blanks => next[i] |= line.is_empty(),
                Want::Anything => next[i] = true,
            }
        }
        skip_optional(wanted, &mut next);
        if !next.contains(&true) {
            result.misfit = Some(number);
            return result;
        }
        at = next;
        result.reached |= at[end];
    }
    result.exact = at[end];
    result
}

fn skip_optional(wanted: &[Want], at: &mut [bool]) {
    for (i, want) in wanted.iter().enumerate() {
        at[i + 1] |= at[i] && !matches!(want, Want::Line(_));
    }
}

/// Replaces what differs from run to run: ephemeral ports become PORT, times TIME, measured sizes
/// SIZE, the system's error numbers N. Columns may have moved at these places, so a run of spaces
/// counts as one.
pub fn normal(line: &str) -> String {
    let line = line.replace('\r', "");
    let mut out = String::new();
    let mut replaced = false;
    let mut rest = line.trim_end();
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest[..length].trim_end_matches('.');
        rest = &rest[number.len()..];
        let inside_a_word = out.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let (stands_for, unit) =
            if inside_a_word { (None, 0) } else { variable(&out, number, rest) };
        replaced |= stands_for.is_some();
        out.push_str(stands_for.unwrap_or(number));
        rest = &rest[unit..];
    }
    out.push_str(rest);
    if replaced { out.split_whitespace().collect::<Vec<_>>().join(" ") } else { out }
}

/// Returns the replacement of `number`, and the number of bytes after it – its unit – that are
/// replaced with it.
fn variable(before: &str, number: &str, after: &str) -> (Option<&'static str>, usize) {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') {
        return (None, 0); // an address or a version
    }
    for unit in ["ns", "µs", "μs", "us", "ms", "s", "MiB"] {
        let space = usize::from(after.starts_with(' '));
        let Some(more) = after[space..].strip_prefix(unit) else { continue };
        // Whole seconds, and whole MiB, were chosen; only fractions were measured.
        let measured = !["s", "MiB"].contains(&unit) || !fraction.is_empty();
        if !more.starts_with(char::is_alphanumeric) && measured {
            let stands_for = if unit == "MiB" { "SIZE" } else { "TIME" };
            return (Some(stands_for), space + unit.len());
        }
    }
    if fraction.len() >= 3 {
        return (Some("TIME"), 0);
    }
    if before.ends_with("os error ") {
        return (Some("N"), 0);
    }
    let process = before.ends_with('(') && after.starts_with(") :"); // as HAProxy names its process
    if process {
        return (Some("PID"), 0);
    }
    let port = whole.parse::<u16>().is_ok_and(|port| port >= 32768) && fraction.is_empty();
    let port = port && (before.ends_with(':') || before.ends_with("port "));
    (port.then_some("PORT"), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(lines: &[&str]) -> Vec<Want> {
        let line = |text: &&str| match *text {
            "…" => Want::Anything,
            text => Want::Line(text.to_string()),
        };
        let mut wanted = vec![Want::Blanks];
        wanted.extend(lines.iter().map(line));
        wanted.push(Want::Blanks);
        wanted
    }

    fn seen(lines: &[&str]) -> Vec<String> {
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_are_compared_one_by_one() {
        for (wanted, got, reached, exact, misfit) in [
            (vec!["a", "b"], vec!["a", "b"], true, true, None),
            (vec!["a", "b"], vec!["a"], false, false, None),
            (vec!["a", "b"], vec!["a", "c"], false, false, Some(1)),
            (vec!["a"], vec!["a", "b"], true, false, Some(1)),
            (vec!["a", "", "b"], vec!["", "a", "", "b", ""], true, true, None),
            (vec!["a", "", "b"], vec!["a", "b"], false, false, Some(1)),
            (vec!["a", "b"], vec!["a", "", "b"], false, false, Some(1)),
            (vec!["…", "c"], vec!["a", "b", "c"], true, true, None),
            (vec!["…", "c"], vec!["c", "d", "c"], true, true, None),
            (vec!["…", "c"], vec!["c", "d"], true, false, None),
            (vec![], vec![], true, true, None),
        ] {
            let result = compare(&want(&wanted), &seen(&got));
            let result = (result.reached, result.exact, result.misfit);
            assert_eq!(result, (reached, exact, misfit), "{wanted:?} against {got:?}");
        }
    }

    #[test]
    fn what_changes_from_run_to_run_is_replaced_and_nothing_else() {
        for (line, expected) in [
            ("from 127.0.0.1:54321", "from 127.0.0.1:PORT"),
            ("from [::1]:54321 to [::1]:5000", "from [::1]:PORT to [::1]:5000"),
            ("server started: port 43211.", "server started: port PORT."),
            ("server started: port 5000.", "server started: port 5000."),
            ("got 54321 bytes", "got 54321 bytes"),
            ("  +1.234ms  a   data", "+TIME a data"),
            ("after 12 µs, or 1.5 s", "after TIME, or TIME"),
            ("64 MiB in all, 60.3 MiB waited", "64 MiB in all, SIZE waited"),
            ("after 5 s and 3 sockets", "after 5 s and 3 sockets"),
            ("0.000123 connect", "TIME connect"),
            ("v1.234 of 127.0.0.1, 1.95.0", "v1.234 of 127.0.0.1, 1.95.0"),
            ("refused (os error 111)", "refused (os error N)"),
            ("two  spaces   stay\r", "two  spaces   stay"),
            ("HTTP/1.1 200 OK", "HTTP/1.1 200 OK"),
            ("utf8 ü 3 ms", "utf8 ü TIME"),
            ("[NOTICE]   (7233) : Loading success.", "[NOTICE] (PID) : Loading success."),
            ("exited (7233)", "exited (7233)"),
        ] {
            assert_eq!(normal(line), expected, "{line:?}");
        }
    }
}
