//! A shell line in words. The tests of the lessons, which run the same lines, use this file, too.

/// Whether this word is an operator of the shell, and no part of a command.
pub fn is_operator(word: &str) -> bool {
    word.starts_with(['|', '&', ';', '<', '>', '\n'])
        || word.starts_with("2>")
        || word.starts_with("1>")
}

/// Whether this word sets a variable, as `NET_TRACE=1` does.
pub fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    })
}

/// Splits a shell line into words, with their quotes; `|`, `;`, `&` and their doubles are words, too.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\\') => match chars.next() {
                Some('\n') => {} // a line that goes on
                escaped => word.extend([Some(c), escaped].into_iter().flatten()),
            },
            (None, ' ' | '\t') => words.push(std::mem::take(&mut word)),
            (None, '&') if word.ends_with('>') => word.push(c), // 2>&1
            (None, '|' | '&' | ';' | '\n') => {
                words.push(std::mem::take(&mut word));
                let twice = chars.next_if(|next| *next == c && c != '\n');
                words.push([Some(c), twice].into_iter().flatten().collect());
            }
            // A comment ends at the end of its line.
            (None, '#') if word.is_empty() => {
                while chars.next_if(|next| *next != '\n').is_some() {}
            }
            (None, '`' | '(') => return Err(format!("`{c}`: a command inside a command")),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.push(c);
            }
            (Some('"'), '\\') => word.extend([Some(c), chars.next()].into_iter().flatten()),
            // Double quotes do not keep the shell from running it.
            (Some('"'), '`') => return Err("`: a command inside a command".into()),
            (Some('"'), '(') if word.ends_with('$') => {
                return Err("`$(`: a command inside a command".into());
            }
            (Some(open), _) => {
                word.push(c);
                quote = Some(open).filter(|open| *open != c);
            }
            (None, _) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    match quote {
        Some(open) => Err(format!("the {open} is never closed")),
        None => Ok(words),
    }
}
