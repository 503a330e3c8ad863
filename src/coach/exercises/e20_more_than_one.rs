//! 20: a balancer in front of three copies, which are killed, hang, and come back.

mod answer;
mod balancer;
mod copy;
mod health;

use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::{Check, Observed, Rule, Verdict, random};

use self::answer::{request, value_of};
use self::balancer::Balancer;
use self::copy::{Copy, Mode, Seen, page_of};
use super::common::{IDLE, Server};
use crate::coach::exercise::Exercise;

pub(super) const EXERCISE: Exercise = Exercise {
    name: "20_more_than_one",
    en: "a balancer whose copies may be killed",
    zh: "副本随便杀的负载均衡器",
    needs_unix_sockets: false,
    rules: &[
        ANSWERS, SHARES, REFUSED, COMES_BACK, AGAIN, ONCE, CHECKS, HANGS, APART, NONE_LEFT, IDLE,
    ],
    judge,
};

const ANSWERS: Rule = Rule {
    name: "answers",
    en: "Each request is passed on to a copy as it is: method, target, body, and all header lines that are not about the connection, `Host` too. The answer of the copy comes back: status, header lines and body. Both at once.",
    zh: "每个请求原样转给一个副本：方法、目标、正文，以及所有与连接本身无关的头部字段，`Host` 也在内。副本的响应再转回来：状态码、头部字段和正文。两边都不拖延。",
    see: "On the wire",
};
const SHARES: Rule = Rule {
    name: "shares",
    en: "The copies that are well share the requests: of 30, each of the three gets some.",
    zh: "正常的副本分担请求：30 个请求，三个副本都要分到。",
    see: "Run it",
};
const REFUSED: Rule = Rule {
    name: "refused",
    en: "A copy that refuses the connection has not received the request: it goes to another one, also a POST, and to the third one if that refuses, too. The client notices nothing.",
    zh: "副本拒绝连接，就是没有收到请求：把它转给另一个，POST 也一样；那个也拒绝，就转给第三个。客户端毫无察觉。",
    see: "Once, or once more",
};
const COMES_BACK: Rule = Rule {
    name: "comes-back",
    en: "Two seconds after a copy was started, again or for the first time, it gets requests.",
    zh: "副本启动以后，不管是头一回还是重启，最多两秒就能分到请求。",
    see: "Who is alive",
};
const AGAIN: Rule = Rule {
    name: "again",
    en: "A GET whose copy ends the connection without an answer goes to another copy. The client notices nothing.",
    zh: "副本没有响应就断开了连接，那么 GET 要转给另一个副本。客户端毫无察觉。",
    see: "Once, or once more",
};
const ONCE: Rule = Rule {
    name: "once",
    en: "A POST that was sent is never sent again: if its copy ends the connection without an answer, the client gets a 502.",
    zh: "已经发出去的 POST 绝不再发：副本没有响应就断开了连接，客户端就收到 502。",
    see: "Once, or once more",
};
const CHECKS: Rule = Rule {
    name: "checks",
    en: "Each copy is asked `GET /health`, again and again. Two seconds after a copy has begun to answer that with another status than 200, it gets no more requests.",
    zh: "对每个副本不断地发 `GET /health`。副本的响应开始不是 200 以后，最多两秒，就不再分给它请求。",
    see: "Who is alive",
};
const HANGS: Rule = Rule {
    name: "hangs",
    en: "A copy may accept the connection, and answer nothing. The check gives up after a second at most, and from then on the copy gets no requests.",
    zh: "副本可能接受了连接，却什么也不响应。健康检查最多等一秒就放弃，从那时起不再分给它请求。",
    see: "Who is alive",
};
const APART: Rule = Rule {
    name: "apart",
    en: "An answer may take a second: the balancer waits for it, does not send the request again, and serves the others in the meantime.",
    zh: "一个响应可能要一秒钟：均衡器要等，不能把请求再发一遍，同时照常为别的客户端服务。",
    see: "Exercise",
};
const NONE_LEFT: Rule = Rule {
    name: "none-left",
    en: "While no copy is running, each request gets a 503, at once. Two seconds after one is back, the requests are served again.",
    zh: "一个副本都没有的时候，每个请求马上得到 503。有一个回来以后，最多两秒，又能正常服务。",
    see: "Once, or once more",
};

/// The time in which the balancer must notice that a copy works or fails: two seconds by the rules, and a busy machine.
const NOTICED: Duration = Duration::from_millis(2500);
/// The time that a slow answer takes.
const SLOW: Duration = Duration::from_millis(850);
/// The number of requests that take so long.
const SLOW_ONES: usize = 6;
/// The number of requests that have begun when copies are killed: in any order, some of them go to both.
const BEGUN: usize = 24;
/// In a row without one of the copies: that it was left out by chance is unlikely.
const ROUND: usize = 12;

fn judge(check: &Check) -> Verdict {
    let copies = [Copy::start(check)?, Copy::start(check)?, Copy::start(check)?];
    let ports = copies.iter().map(|copy| copy.port);
    let program = check.start([0].into_iter().chain(ports).map(|port| port.to_string()))?;
    let port = program.port()?;
    let balancer = Balancer { check, server: Server::at(check, program, port), copies };
    balancer.begins_to_serve(&ANSWERS)?;
    balancer.passes_on()?;
    balancer.shares()?;
    let after = balancer.refused().and_then(|()| balancer.dies());
    balancer.server.or_ended(after, &APART)?;
    balancer.sick()?;
    balancer.hangs()?;
    balancer.slow()?;
    balancer.none_left()?;
    balancer.server.program.expect_running(&APART)
}

impl Balancer<'_> {
    fn begins_to_serve(&self, rule: &Rule) -> Verdict {
        let mut last = None;
        let served = self.until(|| {
            let answer = self.ask("GET", "/", "", rule)?;
            let is_served = answer.status == 201;
            if !is_served && answer.status != 503 {
                return Err(self.other(201, &answer, rule));
            }
            last = Some(answer);
            Ok(is_served)
        })?;
        match last {
            Some(answer) if !served => Err(self.other(201, &answer, rule)),
            _ => Ok(()),
        }
    }

    fn passes_on(&self) -> Verdict {
        let (word, note) = (random::word(), random::chinese(40));
        self.check.promptly(&ANSWERS, || {
            let target = format!("/{word}?tea=%20{word}");
            let answer = self.ask("DELETE", &format!("/{word}"), "", &ANSWERS)?;
            let line = format!("DELETE /{word} HTTP/1.1");
            let is_there =
                |copy: &Copy| copy.seen().iter().any(|seen| seen.head.starts_with(&line));
            if !self.copies.iter().any(is_there) {
                let expected =
                    Observed::text(format!("a copy gets `{line}`"), format!("有副本收到 `{line}`"));
                return Err(self.check.failed(&ANSWERS, expected, Observed::bytes(&answer.all)));
            }
            let answer = self.ask("POST", &target, &note, &ANSWERS)?;
            let line = format!("POST {target} HTTP/1.1");
            let seen = self.copies.iter().find_map(|copy| {
                let one = copy.seen().into_iter().find(|seen| seen.head.starts_with(&line));
                one.map(|seen| (copy, seen))
            });
            let Some((copy, Seen { head, body })) = seen else {
                let expected =
                    Observed::text(format!("a copy gets `{line}`"), format!("有副本收到 `{line}`"));
                return Err(self.check.failed(&ANSWERS, expected, Observed::bytes(&answer.all)));
            };
            for (name, value) in [("host", "tea.example"), ("x-tea", "green")] {
                if value_of(&head, name).as_deref() != Some(value) {
                    let expected = Observed::text(
                        format!("the copy gets the line `{name}: {value}`"),
                        format!("副本收到 `{name}: {value}` 这一行"),
                    );
                    return Err(self.check.failed(&ANSWERS, expected, Observed::bytes(&head)));
                }
            }
            if body != note.as_bytes() {
                return Err(self.check.failed(
                    &ANSWERS,
                    Observed::bytes(&note),
                    Observed::Bytes(body),
                ));
            }
            if answer.status != 201 {
                return Err(self.other(201, &answer, &ANSWERS));
            }
            let lines = answer.head.to_lowercase();
            let is_same = value_of(&answer.head, "x-copy").as_ref() == Some(&copy.word)
                && ["set-cookie: a=1", "set-cookie: b=2"].iter().all(|line| lines.contains(line));
            if !is_same || answer.body != page_of(&copy.word) {
                let lines =
                    format!("X-Copy: {}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n", copy.word);
                let expected = Observed::Bytes([lines.as_bytes(), &page_of(&copy.word)].concat());
                return Err(self.check.failed(&ANSWERS, expected, Observed::bytes(&answer.all)));
            }
            Ok(())
        })?;
        self.check.kept(&ANSWERS);
        Ok(())
    }

    fn shares(&self) -> Verdict {
        // The third copy may be noticed later than the first.
        let all = self.until(|| {
            let before = self.counts();
            for _ in 0..30 {
                self.answered("GET", 201, &SHARES)?;
            }
            Ok(self.counts().iter().zip(before).all(|(now, before)| *now > before))
        })?;
        if !all {
            let each =
                Observed::text("each copy gets some of 30 requests", "30 个请求，每个副本都分到");
            return Err(self.check.failed(&SHARES, each, self.shown(self.counts())));
        }
        Ok(())
    }

    fn shown(&self, counts: [usize; 3]) -> Observed {
        let [one, two, three] = counts;
        Observed::text(
            format!("the copies have got {one}, {two} and {three} requests so far"),
            format!("到现在为止，三个副本分别收到 {one}、{two}、{three} 个请求"),
        )
    }

    /// Several times, as a check may notice a death before a request meets it, but not each time.
    fn refused(&self) -> Verdict {
        for _ in 0..3 {
            self.survives_a_kill()?;
            self.uses_them_again()?;
        }
        [REFUSED, COMES_BACK].iter().for_each(|rule| self.check.kept(rule));
        Ok(())
    }

    /// Kills two copies, and then completes requests that have begun before.
    fn survives_a_kill(&self) -> Verdict {
        let asks = ["POST", "GET"].map(|method| match method {
            "POST" => request(method, "/", "tea"),
            _ => request(method, "/", ""),
        });
        let mut clients = Vec::new();
        for ask in asks.iter().cycle().take(BEGUN) {
            let mut client = self.server.connect_by("client", &REFUSED)?;
            client.send(&ask[..ask.len() - 1]);
            clients.push((client, &ask[ask.len() - 1..]));
        }
        Copy::set_all(&self.copies[..2], Mode::Gone);
        clients.iter_mut().for_each(|(client, rest)| client.send(rest));
        for (mut client, _) in clients {
            let answer = self.answer(client.read_to_fin(&REFUSED)?, &REFUSED)?;
            if answer.status != 201 {
                return Err(self.other(201, &answer, &REFUSED));
            }
        }
        let seen = self.copies[2].seen();
        let mut posts = seen.iter().filter(|seen| seen.head.starts_with("POST / "));
        match posts.find(|seen| seen.body != b"tea") {
            None => Ok(()),
            Some(seen) => {
                let body = Observed::Bytes(seen.body.clone());
                Err(self.check.failed(&REFUSED, Observed::bytes("tea"), body))
            }
        }
    }

    /// Starts the two copies again, which must get requests then.
    fn uses_them_again(&self) -> Verdict {
        let before = self.counts();
        Copy::set_all(&self.copies[..2], Mode::Well);
        let back = self.until(|| {
            self.answered("GET", 201, &COMES_BACK)?;
            let now = self.counts();
            Ok((0..2).all(|n| now[n] > before[n]))
        })?;
        if back {
            return Ok(());
        }
        let again = Observed::text("the first two get requests again", "前两个副本重新分到请求");
        Err(self.check.failed(&COMES_BACK, again, self.shown(self.counts())))
    }

    /// A copy closes when it has the request: a GET goes elsewhere, a POST does not.
    fn dies(&self) -> Verdict {
        Copy::set_all(&self.copies[..2], Mode::Dies);
        let before = self.counts();
        let met = self.until(|| {
            self.answered("GET", 201, &AGAIN)?;
            let now = self.counts();
            Ok((0..2).all(|n| now[n] > before[n] + 1))
        })?;
        self.met(met, &AGAIN)?;
        self.copies[1].set(Mode::Well);
        self.check.kept(&AGAIN);
        let met = self.until(|| {
            let target = format!("/{}", random::word());
            let answer = self.ask("POST", &target, "a", &ONCE)?;
            let line = format!("POST {target} ");
            let times =
                |copy: &Copy| copy.seen().iter().filter(|s| s.head.starts_with(&line)).count();
            let [first, others @ ..] = self.copies.each_ref().map(times);
            let all = first + others.iter().sum::<usize>();
            if all != 1 {
                let expected = Observed::text(
                    format!("`{line}` reaches one copy, once"),
                    format!("`{line}` 只到达一个副本，只有一次"),
                );
                let actual = Observed::text(format!("{all} times"), format!("{all} 次"));
                return Err(self.check.failed(&ONCE, expected, actual));
            }
            let status = if first == 1 { 502 } else { 201 };
            if answer.status != status {
                return Err(self.other(status, &answer, &ONCE));
            }
            Ok(first == 1)
        })?;
        self.met(met, &ONCE)?;
        self.check.kept(&ONCE);
        Ok(())
    }

    /// Without having met the copy that fails, nothing is known.
    fn met(&self, met: bool, rule: &Rule) -> Verdict {
        if met {
            return Ok(());
        }
        let expected = Observed::text(
            "the first copy, which is well, gets a request",
            "第一个副本是好的，应该分到请求",
        );
        Err(self.check.failed(rule, expected, self.shown(self.counts())))
    }

    /// One request waits, the others do not, and in the meantime there is nothing to do.
    fn slow(&self) -> Verdict {
        let slow = || {
            let mut slow = self.server.connect_by("slow", &APART)?;
            slow.send(request("GET", "/slow", ""));
            Ok(slow)
        };
        let slow = (0..SLOW_ONES).map(|_| slow()).collect::<Verdict<Vec<_>>>()?;
        let is_slow = |seen: &Seen| seen.head.starts_with("GET /slow ");
        let count = || self.copies.iter().flat_map(Copy::seen).filter(is_slow).count();
        self.until(|| Ok(count() == SLOW_ONES))?;
        let began = Instant::now();
        for _ in 0..4 {
            self.answered("GET", 201, &APART)?;
        }
        self.server.is_idle_while(|| {
            thread::sleep(SLOW.saturating_sub(began.elapsed()));
            Ok(())
        })?;
        self.copies.iter().for_each(Copy::release);
        for mut slow in slow {
            let answer = self.answer(slow.read_to_fin(&APART)?, &APART)?;
            if answer.status != 201 {
                return Err(self.other(201, &answer, &APART));
            }
        }
        if count() != SLOW_ONES {
            let expected =
                Observed::text("each `GET /slow` is sent once", "每个 `GET /slow` 只发一次");
            let actual = Observed::text(format!("{} times", count()), format!("{} 次", count()));
            return Err(self.check.failed(&APART, expected, actual));
        }
        self.check.kept(&APART);
        Ok(())
    }

    fn none_left(&self) -> Verdict {
        Copy::set_all(&self.copies, Mode::Gone);
        for method in ["GET", "POST"] {
            self.check.promptly(&NONE_LEFT, || self.answered(method, 503, &NONE_LEFT).map(drop))?;
        }
        self.copies[2].set(Mode::Well);
        self.begins_to_serve(&NONE_LEFT)?;
        self.check.kept(&NONE_LEFT);
        Ok(())
    }
}
