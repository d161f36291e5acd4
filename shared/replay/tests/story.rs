//! What a replay says of mail whose story is known to the last second.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use guard_replay::{NamedPolicy, Options, Saved, Stopped, Verdict, read, replay};
use support::*;

#[test]
fn a_bad_sender_is_paused_by_the_bounce_that_reaches_the_line_and_what_follows_is_saved() {
    let report = report(&[memory(lines(&story()))]);
    let promo = set(&report, "promo");
    // The k-th bounce (of mail 4(k−1)) comes at second 4k+1, when 4k+2 mails are out: 10 + 5 % of 54 is 12.7, so the 13th.
    let paused = promo.outcomes[0].paused.as_ref().unwrap();
    assert_eq!((paused.at, paused.effective_at), (at(53), at(55)));
    assert_eq!(
        paused.sentence,
        "Sending was paused: 13 of the 54 mails sent between Mon 09:00 and 09:14 UTC hard-bounced (24.1 %); the limit \
         for that many mails is 13 (10 + 5 %)."
    );
    assert_eq!(paused.evidence.as_ref().unwrap()["bounce"]["stretch"]["sends"], 54);
    let warned = promo.outcomes[0].warned.as_ref().unwrap();
    assert_eq!(warned.at, at(49));
    // Mail from second 55 on; of its 945 the bounced are 56, 60, …, 996.
    assert_eq!(promo.outcomes[0].saved, Saved { mails: 945, bounces: 236, complaints: 0, prevented: 0 });
    assert_eq!(promo.outcomes[0].verdict, Verdict::Paused);

    let shop = set(&report, "shop");
    assert_eq!((shop.outcomes[0].verdict, shop.outcomes[0].saved), (Verdict::Ok, Saved::default()));
    assert_eq!(shop.outcomes[0].profile, "default");

    let account = &report.accounts[0];
    assert_eq!(
        (account.counts.mails, account.counts.bounces, account.counts.bounce_rate_ppm),
        (2_000, 250, Some(125_000))
    );
    let guarded = &account.with_guard[0];
    assert_eq!((guarded.paused_sets, guarded.counts.mails, guarded.counts.bounces), (1, 1_055, 14));
    assert_eq!(account.worst_bounce_day.unwrap().counts.mails, 2_000);
    assert_eq!(account.worst_complaint_day, None, "a day without complaints is not the worst");
    assert_eq!((report.from, report.until), (Some(at(0)), Some(at(1_001))));
    assert_eq!(report.accounts[0].series.mails.iter().sum::<u64>(), 2_000);
}

#[test]
fn order_does_not_matter() {
    let mut events = story();
    let expected = report(&[memory(lines(&events))]);
    events.reverse();
    assert_eq!(report(&[memory(lines(&events))]), expected, "the other way round");
    events.sort_by_key(|event| event.to_string().len() % 7);
    assert_eq!(report(&[memory(lines(&events))]), expected, "shuffled");
    let (bounces, sends): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event["eventType"] == "Bounce");
    let mut apart = report(&[memory(lines(&bounces)), memory(lines(&sends))]);
    apart.intake.files = 1;
    assert_eq!(apart, expected, "a file for each type");
}

#[test]
fn what_comes_twice_counts_once() {
    let text = lines(&story());
    let mut twice = report(&[memory(text.clone() + &text)]);
    let once = report(&[memory(text)]);
    assert_eq!((twice.intake.duplicates, twice.intake.events), (2_250, 4_500));
    twice.intake = once.intake.clone();
    assert_eq!(twice, once);
}

#[test]
fn policies_are_compared_side_by_side() {
    let lax =
        "[profile.lax]\nbounce = { pause_slack = 30, warn_slack = 10 }\n[[assign]]\nsets = \"*\"\nprofile = \"lax\"\n";
    let observing = "mode = \"observe\"\n";
    let exempt = "[[exempt]]\nsets = \"promo\"\nreason = \"moving house\"\nexpires = 2026-12-31\n";
    let policies: Vec<NamedPolicy> = [("built-in", ""), ("lax", lax), ("observing", observing), ("exempt", exempt)]
        .map(|(name, text)| policy(name, text))
        .into();
    let report = replay(&archive(&[memory(lines(&story()))]).unwrap(), &policies, 10, 2);
    let outcomes = &set(&report, "promo").outcomes;
    let verdicts: Vec<Verdict> = outcomes.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Paused, Verdict::Paused, Verdict::Paused, Verdict::Exempt]);
    let effective = |index: usize| outcomes[index].paused.as_ref().unwrap().effective_at;
    assert_eq!(effective(0), at(63), "ten seconds after the decision");
    assert!(effective(1) > effective(0));
    assert_eq!(effective(2), effective(0), "observed, and reported as if enforced");
    assert_eq!(outcomes[3].saved, Saved::default());
    assert!(outcomes[3].would_pause.as_ref().unwrap().sentence.contains("moving house"));
    assert_eq!(report.accounts[0].with_guard.len(), 4);
}

#[test]
fn an_exemption_ends_with_its_day() {
    let text = "[[exempt]]\nsets = \"promo\"\nreason = \"moving house\"\nexpires = 2026-10-05\n";
    let mut events = story();
    let tomorrow = 86_400;
    events.extend((0..40).map(|number| bounce("promo", number, number.try_into().unwrap(), tomorrow)));
    let report = replay(&archive(&[memory(lines(&events))]).unwrap(), &[policy("exempt", text)], 2, 1);
    let outcome = &set(&report, "promo").outcomes[0];
    assert_eq!(outcome.would_pause.as_ref().unwrap().at, at(53));
    assert_eq!(outcome.paused.as_ref().unwrap().at, at(tomorrow));
}

#[test]
fn complaints_count_by_when_they_come_and_a_fortnight_later_no_more() {
    let mut events: Vec<_> = (0..1_000).map(|number| send("news", number, number.try_into().unwrap())).collect();
    let day = 86_400;
    events.extend((0..6).map(|number| complaint("news", number, number.try_into().unwrap(), day + 10)));
    events.push(complaint("news", 6, 6, 16 * day));
    let report = report(&[memory(lines(&events))]);
    assert_eq!(report.intake.too_late, 1);
    let news = set(&report, "news");
    assert_eq!(news.counts.complaints, 6);
    assert_eq!(news.outcomes[0].paused.as_ref().unwrap().at, at(day + 10));
    assert_eq!(news.outcomes[0].saved.mails, 0, "it had sent everything by then");
}

#[test]
fn too_many_moments_are_looked_at_more_coarsely_and_nothing_is_lost() {
    let events = story();
    let inputs: Vec<_> = events.chunks(20).map(|chunk| memory(lines(chunk))).collect();
    let options = Options { most_cells: 500, ..options() };
    let archive = read(&inputs, &options, &|_| {}).unwrap();
    let report = replay(&archive, &[policy("built-in", "")], 2, 2);
    assert_eq!(report.grain_seconds, 10);
    let promo = set(&report, "promo");
    assert_eq!((promo.counts.mails, promo.counts.bounces), (1_000, 250));
    let paused = promo.outcomes[0].paused.as_ref().unwrap().at;
    assert!(paused >= at(40) && paused <= at(60), "{paused}");
}

#[test]
fn without_sends_there_is_no_verdict() {
    let events: Vec<_> = (0..30).map(|number| bounce("quiet", number, 0, 5)).collect();
    let report = report(&[memory(lines(&events))]);
    assert_eq!(set(&report, "quiet").outcomes[0].verdict, Verdict::NotJudged);
    assert!(report.limits[0].contains("lacks their Send events"), "{:?}", report.limits);
}

#[test]
fn damage_is_counted_and_strictness_stops_at_the_first() {
    let good = lines(&story()[..4]);
    let text =
        format!("{good}{{\"eventType\": \"Send\"}}\n{{\"eventType\": \"Send\", \"mail\": {{\"timest\n{good}oops\n");
    let inputs = [memory(text)];
    let intake = report(&inputs).intake;
    assert_eq!((intake.events, intake.duplicates, intake.malformed_count()), (8, 4, 3));
    let found: Vec<_> = intake.malformed.iter().map(|one| (one.kind.as_str(), one.count, one.first[0].line)).collect();
    assert_eq!(
        found,
        [
            ("body is not JSON: end of input", 1, 6),
            ("body is not JSON: syntax error", 1, 11),
            ("missing field `mail`", 1, 5)
        ]
    );
    assert_eq!(intake.malformed[2].first[0].byte, good.len() as u64);
    let Err(Stopped::Malformed(first)) = read(&inputs, &Options { strict: true, ..options() }, &|_| {}) else {
        panic!("strict, and not stopped");
    };
    assert_eq!((first.kind.as_str(), first.first[0].line), ("missing field `mail`", 5));
    assert!(matches!(read(&[], &options(), &|_| {}), Err(Stopped::NoInput)));
}
