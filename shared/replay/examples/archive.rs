//! Writes an archive of made-up events, in AWS's own shape and size, to measure with:
//! `cargo run --release -p guard-replay --example archive -- 10000000 events.ndjson.gz`
//!
//! Thirty days of sixty configuration sets, the same in every run. Most are healthy; `set-07` begins to send to a bought
//! list on the tenth day, `set-23` mails that its readers report on the twentieth.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

const SETS: u64 = 60;
const DAYS: u64 = 30;
const FROM_SECOND: i64 = 1_760_000_400;
const BOUGHT_LIST: u64 = 7;
const UNWANTED: u64 = 23;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(count), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("archive COUNT FILE[.gz|.zst]".into());
    };
    let file = BufWriter::new(File::create(&path)?);
    let count = count.parse()?;
    if path.ends_with(".gz") {
        let mut out = GzEncoder::new(file, Compression::new(1));
        write_events(count, &mut out)?;
        out.finish()?.flush()?;
    } else if path.ends_with(".zst") {
        let mut out = zstd::Encoder::new(file, 1)?;
        write_events(count, &mut out)?;
        out.finish()?.flush()?;
    } else {
        let mut out = file;
        write_events(count, &mut out)?;
        out.flush()?;
    }
    Ok(())
}

/// Pseudo-random, the same for the same number (SplitMix64).
fn spread(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

fn write_events(count: u64, out: &mut dyn Write) -> io::Result<()> {
    let (mut written, mut mail) = (0, 0);
    while written < count {
        let chance = spread(mail);
        let set = chance % SETS;
        let millisecond = mail * (DAYS * 86_400_000) / count;
        let day = millisecond / 86_400_000;
        let per_million = (chance >> 24) % 1_000_000;
        let (bounces, complaints) = match set {
            BOUGHT_LIST if day >= 10 => (220_000, 2_000),
            UNWANTED if day >= 20 => (8_000, 6_000),
            _ => (2_000 + set * 200, 100 + set * 4),
        };
        let shape = Mail { number: mail, set, millisecond };
        shape.write(out, "Send", "\"send\": {}")?;
        written += 1;
        if per_million < bounces && written < count {
            let later = 2_000 + chance % 9_000;
            let address = shape.address();
            let when = at(millisecond + later);
            let bounce = format!(
                "\"bounce\": {{\"feedbackId\": \"{}\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \
                 \"bouncedRecipients\": [{{\"emailAddress\": \"{address}\", \"action\": \"failed\", \"status\": \
                 \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}}], \"timestamp\": \"{when}\", \
                 \"reportingMTA\": \"dns; b224-12.smtp-out.eu-west-1.amazonses.com\"}}",
                shape.message_id()
            );
            shape.write(out, "Bounce", &bounce)?;
            written += 1;
        } else if per_million > 1_000_000 - complaints && written < count {
            let later = 600_000 + chance % 20_000_000;
            let address = shape.address();
            let when = at(millisecond + later);
            let complaint = format!(
                "\"complaint\": {{\"feedbackId\": \"{}\", \"complaintSubType\": null, \"complainedRecipients\": \
                 [{{\"emailAddress\": \"{address}\"}}], \"timestamp\": \"{when}\", \"userAgent\": \"Yahoo!-Mail-Feedback/2.0\", \
                 \"complaintFeedbackType\": \"abuse\", \"arrivalDate\": \"{when}\"}}",
                shape.message_id()
            );
            shape.write(out, "Complaint", &complaint)?;
            written += 1;
        }
        mail += 1;
    }
    Ok(())
}

struct Mail {
    number: u64,
    set: u64,
    millisecond: u64,
}

fn at(millisecond: u64) -> String {
    let millisecond = i64::try_from(millisecond).unwrap_or(0) + FROM_SECOND * 1_000;
    format!("{:.3}", Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MIN))
}

impl Mail {
    fn message_id(&self) -> String {
        format!("0102019869b2{:04x}-70c0879b-de8b-d5b5-8078-{:012x}-000000", self.set, self.number)
    }

    fn address(&self) -> String {
        format!("reader{}@example.net", self.number % 400_000)
    }

    fn write(&self, out: &mut dyn Write, event: &str, object: &str) -> io::Result<()> {
        let (id, address, set, sent_at) = (self.message_id(), self.address(), self.set, at(self.millisecond));
        writeln!(
            out,
            "{{\"eventType\": \"{event}\", \"mail\": {{\"timestamp\": \"{sent_at}\", \"source\": \"Example News \
             <news@news.example.com>\", \"sourceArn\": \
             \"arn:aws:ses:eu-west-1:111122223333:identity/news.example.com\", \"sendingAccountId\": \"111122223333\", \
             \"messageId\": \"{id}\", \"destination\": [\"{address}\"], \"headersTruncated\": false, \"headers\": \
             [{{\"name\": \"From\", \"value\": \"Example News <news@news.example.com>\"}}, {{\"name\": \"To\", \"value\": \
             \"{address}\"}}, {{\"name\": \"Subject\", \"value\": \"Your weekly digest\"}}, {{\"name\": \"MIME-Version\", \
             \"value\": \"1.0\"}}, {{\"name\": \"Content-Type\", \"value\": \"multipart/alternative;  \
             boundary=\\\"----=_Part_41_19.1763630042118\\\"\"}}], \"commonHeaders\": {{\"from\": [\"Example News \
             <news@news.example.com>\"], \"to\": [\"{address}\"], \"messageId\": \"{id}\", \"subject\": \"Your weekly \
             digest\"}}, \"tags\": {{\"ses:source-tls-version\": [\"TLSv1.3\"], \"ses:operation\": [\"SendEmail\"], \
             \"ses:configuration-set\": [\"set-{set:02}\"], \"ses:source-ip\": [\"198.51.100.24\"], \"ses:from-domain\": \
             [\"news.example.com\"], \"ses:caller-identity\": [\"sender\"]}}}}, {object}}}"
        )
    }
}
