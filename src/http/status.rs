//! Status codes, and refusals of requests.

use crate::message::Error;

/// The reason phrase of a status (RFC 9110 15); empty for an unknown status, which is allowed.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// The reason why a request does not reach the handler: the status of the answer, and a sentence
/// for its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: &'static str,
}

/// Creates a refusal.
pub(super) const fn refuse(status: u16, why: &'static str) -> Refusal {
    Refusal { status, why }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        // The sentences of `message`, in the wording of an answer.
        match error {
            Error::StartLineTooLong => refuse(414, "the request line is too long"),
            Error::HeadTooLarge => refuse(431, "the head is too large"),
            Error::TooManyLines => refuse(431, "the head has too many lines"),
            Error::BodyTooLarge => refuse(413, "the body is too large"),
            Error::NoStartLine => refuse(400, "there is no request line"),
            Error::BareCr => refuse(400, "a carriage return without a line feed"),
            Error::Nul => refuse(400, "a NUL byte in the head"),
            Error::Control => refuse(400, "a control character in the head"),
            Error::Folded => refuse(400, "a header line begins with a space"),
            Error::NoColon => refuse(400, "a header line has no colon"),
            Error::SpaceBeforeColon => refuse(400, "a space between a header's name and the colon"),
            Error::BadName => refuse(400, "a header's name has a character that it cannot have"),
            Error::BadValue => refuse(400, "a header's value has a character that it cannot have"),
            Error::BadLength => refuse(400, "the Content-Length is not a number"),
            Error::LengthsDiffer => refuse(400, "there are two lengths, and they differ"),
        }
    }
}
