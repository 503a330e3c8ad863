//! The options of the commands `open` and `wire`.

/// `None`: the option is not given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) port: Option<u16>,
    /// One more name under which a browser may reach the workbench.
    pub(super) host: Option<String>,
}

impl Options {
    /// Parses the arguments. `None`: they are invalid.
    pub(super) fn parse(args: &[&str]) -> Option<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, value),
                None => (*arg, *args.next()?),
            };
            match name {
                "--port" => options.port = Some(value.parse().ok()?),
                "--host" if is_host(value) => options.host = Some(value.to_string()),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Whether this is a name or an address, as in `Host` without its port.
fn is_host(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.[]:_".contains(c);
    !name.is_empty() && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_understood_or_not() {
        let parse = |text: &str| {
            let args: Vec<&str> = text.split_whitespace().collect();
            Options::parse(&args).map(|options| (options.port, options.host))
        };
        let host = |name: &str| Some(name.to_string());
        assert_eq!(parse(""), Some((None, None)));
        assert_eq!(parse("--port 80"), Some((Some(80), None)));
        assert_eq!(parse("--host=box --port=0"), Some((Some(0), host("box"))));
        assert_eq!(parse("--host box-1.example"), Some((None, host("box-1.example"))));
        for wrong in ["80", "--port", "--port x", "--port 65536", "--host a/b", "--host=", "--x 1"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
