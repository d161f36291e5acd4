use tracing_subscriber::filter::LevelFilter;

/// From here on, what this function says goes to its log: at `AWS_LAMBDA_LOG_LEVEL` (`INFO` if there is none), and as JSON
/// if `AWS_LAMBDA_LOG_FORMAT` is `JSON`. Lambda sets both as the template's `LoggingConfig` says, and adds time and request.
pub fn log() {
    let env = |name| std::env::var(name).ok();
    let level = env("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt().with_target(false).without_time().with_max_level(level);
    let json = env("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
    if json { lines.json().init() } else { lines.init() }
}
