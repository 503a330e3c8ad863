//! Sends a file to its readers in each way, and measures the memory.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, error::Error, fs, io, process, thread};

use super::child::Process;
use super::readers::Readers;
use super::ways::{Source, WAYS, copies, serve};

/// The memory at which a server is stopped, so that your machine survives the lesson.
const LIMIT_MIB: f64 = 1024.0;
/// The time between two measurements.
const PERIOD: Duration = Duration::from_millis(10);

pub fn print(mib: u64, readers: usize) -> Result<(), Box<dyn Error>> {
    let file = TemporaryFile::create(mib << 20)?;
    let path = file.0.display().to_string();
    let origin = serve(copies, Source { file: path.clone(), origin: 0 })?.to_string();
    let title = format!("{mib} MiB to {readers} slow readers");
    println!("{title:<34}        memory   got all of it   time");
    for (number, (name, _)) in WAYS.iter().enumerate() {
        let arguments = ["serve", &number.to_string(), &path, &origin];
        let (server, port) = Process::start(&arguments)?;
        let (all, began) = (Readers::start(readers, port, mib << 20), Instant::now());
        let mut most: f64 = 0.0;
        while all.ended() < readers && most < LIMIT_MIB {
            most = most.max(server.memory().unwrap_or_default());
            thread::sleep(PERIOD);
        }
        let time = match all.ended() == readers {
            true => format!("{:.1}s", began.elapsed().as_secs_f64()),
            false => "stopped".to_string(),
        };
        drop(server);
        println!("{name:<34} {most:>9.1} MiB   {:>5} of {readers:<5}   {time}", all.whole());
    }
    Ok(())
}

/// A file of zeros, removed when it is dropped.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn create(length: u64) -> io::Result<TemporaryFile> {
        let path = env::temp_dir().join(format!("16_too_fast-{}", process::id()));
        let file = TemporaryFile(path);
        // On most systems it takes no space on the disk.
        fs::File::create(&file.0)?.set_len(length)?;
        Ok(file)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
