//! The Chinese terms: one name for each thing, on all pages and in the coach's messages.

use super::pages::is_chinese;
use super::{Finding, Tree};

/// Terms that a Chinese text must not use, mostly because they are the English word by word, and
/// the right ones.
const TERMS: [(&str, &str); 18] = [
    ("一个连接", "一条连接"),
    ("一排字节", "一串字节"),
    ("分组", "数据包"),
    ("半开着", "半关闭"),
    ("单子", "列表, 记录"),
    ("回答", "HTTP: 响应; others: 回复"),
    ("头部行", "头部字段"),
    ("恰好来一次", "只触发一次"),
    ("我的结束", "FIN"),
    ("承诺", "保证"),
    ("没完没了", "超长, 一直"),
    ("没有位子", "连接数已满"),
    ("没毛病", "没问题"),
    ("治好", "解决"),
    ("线上的字节", "网络上的字节"),
    ("结束自己的方向", "关闭写方向, 半关闭"),
    ("被告知", "收到报错"),
    ("轮次", "执行权"),
];

fn speaks_chinese(path: &str) -> bool {
    let folders = ["tests/exercises/", "src/check", "src/coach"];
    is_chinese(path) || folders.iter().any(|folder| path.starts_with(folder))
}

pub fn a_thing_has_one_name_in_chinese(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.matching("", "").filter(|(path, _)| speaks_chinese(path)) {
        for (number, line) in (1..).zip(text.lines()) {
            for (word, term) in TERMS.iter().filter(|(word, _)| line.contains(word)) {
                findings.push(Finding::new(
                    path,
                    number,
                    format!("says {word}"),
                    format!("say {term}"),
                ));
            }
        }
    }
    findings
}
