//! What counting the account a second time costs. Print the table with
//! `cargo test -p guard-bench --test costs -- --nocapture`.

use guard_bench::units::{Cost, LOADS, Way, cost};

#[test]
fn counting_the_account_costs_little_and_a_sample_would_save_little() {
    println!("| load | sets alone | with the account | all ids | one send in 16 | in 256 | hottest shard | its item |");
    for load in &LOADS {
        let sets = cost(load, Way::Never).units;
        let Cost { units: shipped, hottest_set, hottest_shard: hottest, shard_bytes: bytes, .. } =
            cost(load, Way::Shipped);
        let Cost { units: all_ids, hottest_shard: hottest_all_ids, shard_bytes: bytes_all_ids, .. } =
            cost(load, Way::AllIds);
        let (sampled, sampled_more) = (cost(load, Way::Sampled(16)).units, cost(load, Way::Sampled(256)).units);
        println!(
            "| {} | {sets:.3} | {shipped:.3} | {all_ids:.3} | {sampled:.3} | {sampled_more:.3} | {hottest:.0}/s, all ids {hottest_all_ids:.0}/s | {bytes} B, all ids {bytes_all_ids} B |",
            load.name
        );
        assert!(bytes <= 1_024, "{}: a write to the account's counts is one unit, and not {bytes} B", load.name);
        let batches = load.batches as f64;
        assert!(load.events < 1_000 || shipped <= 0.5, "{}: {shipped} units an event", load.name);
        assert!(hottest_set <= 350.0, "{}: {hottest_set} units a second on one key, of 1,000", load.name);
        assert!(hottest <= batches + f64::EPSILON, "{}: at most one unit a batch and shard: {hottest}", load.name);
        let most = 8.0_f64.min(load.events as f64) / load.events as f64;
        assert!(shipped - sets <= most + f64::EPSILON, "{}: eight units a batch at most", load.name);
        assert!(all_ids >= shipped && sampled <= shipped + f64::EPSILON && sampled_more <= sampled + f64::EPSILON);
    }
}
