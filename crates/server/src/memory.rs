//! How much memory the server takes.

use serde::Serialize;

/// Memory of this process, in KB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memory {
    /// What is resident now.
    pub(crate) resident: u64,
    /// The most that ever was.
    pub(crate) peak: u64,
}

/// The memory of this process; `None` where the system has no `/proc`.
pub(crate) fn memory() -> Option<Memory> {
    read(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn read(status: &str) -> Option<Memory> {
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.trim().parse().ok()
    };
    Some(Memory { resident: number("VmRSS:")?, peak: number("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numbers_are_found() {
        let status = "Name:\tleakwright\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t7\n";
        assert_eq!(read(status), Some(Memory { resident: 10240, peak: 20480 }));
        assert_eq!(read("Name:\tleakwright\n"), None);
    }
}
