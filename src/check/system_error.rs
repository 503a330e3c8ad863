//! A system error in both languages. The system's text is in English, or in the language of the
//! system: so a Chinese sentence is added before it.

use std::io::{Error, ErrorKind};

use super::rule::Localized;
use crate::error::code;

impl From<&Error> for Localized {
    fn from(error: &Error) -> Localized {
        let text = error.to_string();
        let zh = format!("{}（{text}）", in_chinese(error));
        Localized::new(text, zh)
    }
}

fn in_chinese(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => "地址已被占用",
        ErrorKind::AddrNotAvailable => "这台机器上没有这个地址",
        ErrorKind::AlreadyExists => "已经存在",
        ErrorKind::ArgumentListTooLong => "参数太长",
        ErrorKind::BrokenPipe => "对方已经关闭",
        ErrorKind::ConnectionAborted => "连接被中断",
        ErrorKind::ConnectionRefused => "连接被拒绝，那里没有程序在监听",
        ErrorKind::ConnectionReset => "连接被重置",
        ErrorKind::ExecutableFileBusy => "文件正在执行",
        ErrorKind::HostUnreachable => "无法到达这个主机",
        ErrorKind::InvalidData => "内容不是 UTF-8 文本",
        ErrorKind::InvalidInput => "参数无效",
        ErrorKind::IsADirectory => "这是一个目录，不是文件",
        ErrorKind::NetworkDown => "网络没有启用",
        ErrorKind::NetworkUnreachable => "无法到达这个网络",
        ErrorKind::NotADirectory => "路径里有一段不是目录",
        ErrorKind::NotConnected => "没有连接",
        ErrorKind::NotFound => "没有这个文件或目录",
        ErrorKind::OutOfMemory => "内存不够",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::QuotaExceeded => "超出了磁盘配额",
        ErrorKind::ReadOnlyFilesystem => "文件系统是只读的",
        ErrorKind::StorageFull => "磁盘满了",
        ErrorKind::TimedOut => "超时",
        ErrorKind::UnexpectedEof => "内容不完整",
        ErrorKind::Unsupported => "系统不支持",
        _ => match code(error) {
            "EMFILE" | "ENFILE" => "打开的文件太多了",
            _ => "系统报错",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Lang;

    #[test]
    fn a_chinese_sentence_stands_in_front_of_what_the_system_says() {
        let known = [ErrorKind::NotFound, ErrorKind::AddrInUse, ErrorKind::PermissionDenied];
        let errors = known.map(Error::from).into_iter().chain([Error::other("out of tea")]);
        let starts = ["没有这个文件或目录", "地址已被占用", "没有权限", "系统报错"];
        for (error, start) in errors.zip(starts) {
            let said = Localized::from(&error);
            assert_eq!(said.in_lang(Lang::En), error.to_string());
            assert_eq!(said.in_lang(Lang::Zh), format!("{start}（{error}）"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_full_table_of_descriptors_has_no_kind_in_std() {
        let said = Localized::from(&Error::from_raw_os_error(24));
        assert!(said.in_lang(Lang::Zh).starts_with("打开的文件太多了（"), "{said:?}");
    }
}
