//! Two hosts and a cable between them, all of them namespaces of this machine's kernel; removed
//! when dropped.

use std::path::Path;
use std::process::Stdio;

use super::common::{Program, command, root, skipped};
use super::play;

pub struct Network {
    hosts: [String; 2],
    /// The program that carries the packets where the kernel has no netem.
    carrier: Option<Program>,
}

/// The address of each host.
pub const ADDRESSES: [&str; 2] = ["10.99.0.1", "10.99.0.2"];

/// The effect of a network on each packet, in each direction.
const DELAY_MS: u32 = 25;
const LOSS_PERCENT: u32 = 2;

impl Network {
    /// Creates two hosts with a good cable. Returns `None`, and prints a notice, if that is not
    /// possible.
    pub fn new() -> Option<Network> {
        let network = Network::without_cable()?;
        network.plug_in();
        Some(network)
    }

    fn without_cable() -> Option<Network> {
        let number = std::process::id();
        let hosts = ["a", "b"].map(|host| format!("net-notes-{number}-{host}"));
        let network = Network { hosts, carrier: None };
        for host in &network.hosts {
            if let Err(why) = attempt(&["ip", "netns", "add", host]) {
                skipped(&format!("no network namespaces here (Linux, root and iproute2): {why}"));
                return None;
            }
            ip(&["-n", host, "link", "set", "lo", "up"]);
        }
        Some(network)
    }

    fn plug_in(&self) {
        let [a, b] = self.hosts.each_ref().map(String::as_str);
        let far_end = ["type", "veth", "peer", "name", "cable", "netns", b];
        ip(&[&["link", "add", "cable", "netns", a][..], &far_end].concat());
        self.bring_up();
    }

    fn bring_up(&self) {
        for (host, address) in self.hosts.iter().zip(ADDRESSES) {
            ip(&["-n", host, "address", "add", &format!("{address}/24"), "dev", "cable"]);
            ip(&["-n", host, "link", "set", "cable", "up"]);
        }
    }

    /// Creates two hosts and a cable that delays every packet, and loses some. Returns the means,
    /// too.
    pub fn poor() -> Option<(Network, &'static str)> {
        let network = Network::new()?;
        let (delay, loss) = (format!("{DELAY_MS}ms"), format!("{LOSS_PERCENT}%"));
        let netem = |host: &str| {
            let device = ["tc", "-n", host, "qdisc", "add", "dev", "cable", "root", "netem"];
            attempt(&[&device[..], &["limit", "100000", "delay", &delay, "loss", &loss]].concat())
        };
        let Err(why) = network.hosts.iter().try_for_each(|host| netem(host)) else {
            return Some((network, "netem"));
        };
        drop(network);

        // A kernel without netem: a program carries the packets from one host's TUN device to the
        // other's.
        let mut network = Network::without_cable()?;
        let python = super::common::peer("python3")?;
        let script = root().join("tests/it/soak/carrier.py");
        let words = [DELAY_MS.to_string(), LOSS_PERCENT.to_string()];
        let mut command = command(python);
        if !Path::new("/dev/net/tun").exists() {
            skipped(&format!("neither netem ({why}) nor /dev/net/tun"));
            return None;
        }
        let mut carrier = Program::spawn(command.arg(script).args(words));
        for host in &network.hosts {
            let device = carrier.line_with("tun");
            ip(&["link", "set", device.trim(), "netns", host, "name", "cable"]);
        }
        network.carrier = Some(carrier);
        network.bring_up();
        Some((network, "TUN devices: the kernel has no netem"))
    }

    /// Starts this test again, on one of the hosts, to play a part there.
    pub fn start(&self, host: usize, test: &str, part: &str) -> Program {
        Program::spawn(&mut play(test, part, &["ip", "netns", "exec", &self.hosts[host]]))
    }

    /// Cuts the cable, at the second host.
    pub fn cut(&self) {
        ip(&["-n", &self.hosts[1], "link", "set", "cable", "down"]);
    }

    /// The second host loses its power, and restarts, with the same address and without its memory.
    pub fn restart_second_host(&self) {
        let [a, b] = self.hosts.each_ref().map(String::as_str);
        // Packets that its kernel still wants to send keep the old namespace alive: without a cable
        // and without a name.
        ip(&["-n", a, "link", "delete", "cable"]);
        ip(&["netns", "delete", b]);
        ip(&["netns", "add", b]);
        ip(&["-n", b, "link", "set", "lo", "up"]);
        self.plug_in();
    }

    /// Sets how often the first host's kernel retransmits before it gives a connection up.
    pub fn give_up_after(&self, retries: u32) {
        let set = format!("echo {retries} > /proc/sys/net/ipv4/tcp_retries2");
        ip(&["netns", "exec", &self.hosts[0], "sh", "-c", &set]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for host in &self.hosts {
            let _ = attempt(&["ip", "netns", "delete", host]);
        }
    }
}

fn ip(words: &[&str]) {
    attempt(&[&["ip"], words].concat()).unwrap_or_else(|why| panic!("ip {words:?}: {why}"));
}

fn attempt(words: &[&str]) -> Result<(), String> {
    let output = command(words[0]).args(&words[1..]).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_string()),
        Err(error) => Err(format!("{}: {error}", words[0])),
    }
}
