//! Threads with room for deep code.

/// Stack of each thread that analyses code. Lowering recurses at most as deep as the syntax tree is
/// allowed to be.
pub const STACK_SIZE: usize = 16 << 20;

/// A pool of as many threads as there are processors.
#[expect(clippy::expect_used, reason = "without threads nothing can run at all")]
pub fn pool() -> &'static rayon::ThreadPool {
    static POOL: std::sync::OnceLock<rayon::ThreadPool> = std::sync::OnceLock::new();
    POOL.get_or_init(|| {
        rayon::ThreadPoolBuilder::new()
            .stack_size(STACK_SIZE)
            .thread_name(|index| format!("leakwright-{index}"))
            .build()
            .expect("threads can be started")
    })
}

/// A pool that leaves a processor to what cannot wait.
#[expect(clippy::expect_used, reason = "without threads nothing can run at all")]
pub(crate) fn background_pool() -> &'static rayon::ThreadPool {
    static POOL: std::sync::OnceLock<rayon::ThreadPool> = std::sync::OnceLock::new();
    POOL.get_or_init(|| {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        rayon::ThreadPoolBuilder::new()
            .num_threads(processors.saturating_sub(1).max(1))
            .stack_size(STACK_SIZE)
            .thread_name(|index| format!("background-{index}"))
            .build()
            .expect("threads can be started")
    })
}
