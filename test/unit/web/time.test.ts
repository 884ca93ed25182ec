import { expect } from 'chai';
import {
  absolute,
  clockLength,
  dayNumber,
  minuteOfDay,
  sameWallClock,
  span,
  spokenLength,
  zonedTime,
} from '#web/ui/format/time.ts';

const shanghai = 'Asia/Shanghai';
const paris = 'Europe/Paris';
/** Wednesday 12 March 2025, 14:00 in Shanghai. */
const wednesday = Date.UTC(2025, 2, 12, 6);
const hour = 3_600_000;
const day = 24 * hour;

describe('times as people say them', () => {
  const english = { now: wednesday, zone: shanghai, language: 'en' } as const;
  const chinese = { ...english, language: 'zh-CN' } as const;

  it('names today, tomorrow and yesterday', () => {
    expect(span(wednesday, wednesday + hour, english)).to.equal('today 14:00–15:00');
    expect(span(wednesday + day, wednesday + day + hour, english)).to.equal('tomorrow 14:00–15:00');
    expect(span(wednesday - day, wednesday - day + hour, chinese)).to.equal('昨天 14:00–15:00');
  });

  it('has words for two days away in Chinese only', () => {
    expect(span(wednesday + 2 * day, wednesday + 2 * day + hour, chinese)).to.equal('后天 14:00–15:00');
    expect(span(wednesday + 2 * day, wednesday + 2 * day + hour, english)).to.equal('Friday 14:00–15:00');
  });

  it('names the date when it is a week or more away, and the year when it is another one', () => {
    expect(span(wednesday + 7 * day, wednesday + 7 * day + hour, english)).to.match(
      /^Wed,? 19 Mar 14:00–15:00$/,
    );
    expect(span(wednesday + 7 * day, wednesday + 7 * day + hour, chinese)).to.equal(
      '3月19日周三 14:00–15:00',
    );
    expect(span(wednesday - 365 * day, wednesday - 365 * day + hour, english)).to.contain('2024');
  });

  it('judges the day in the given zone: late in Shanghai is still yesterday in Paris', () => {
    const late = Date.UTC(2025, 2, 12, 17);
    expect(span(late, late + hour, { ...english, now: late })).to.equal('today 01:00–02:00');
    expect(span(late, late + hour, { ...english, now: late, zone: paris })).to.equal('today 18:00–19:00');
  });

  it('names the second day of a span that crosses midnight, but not when it ends at midnight', () => {
    const night = zonedTime(dayNumber(wednesday, shanghai), 23 * 60, shanghai);
    expect(span(night, night + hour, english)).to.equal('today 23:00–00:00');
    expect(span(night, night + 2 * hour, english)).to.equal('today 23:00–tomorrow 01:00');
  });

  it('tells the whole truth on hover, with seconds and zone', () => {
    expect(absolute(wednesday, english)).to.match(/Wednesday.*12 March 2025.*14:00:00.*GMT\+8/);
  });

  it('knows when two zones show the same wall clock', () => {
    expect(sameWallClock(wednesday, shanghai, 'Asia/Singapore')).to.equal(true);
    expect(sameWallClock(wednesday, shanghai, paris)).to.equal(false);
  });
});

describe('wall clocks in a zone', () => {
  it('come back as the moment they name', () => {
    for (const zone of [shanghai, paris, 'America/New_York', 'Asia/Kathmandu']) {
      const at = zonedTime(dayNumber(wednesday, zone), 9 * 60 + 15, zone);
      expect(minuteOfDay(at, zone), zone).to.equal(9 * 60 + 15);
      expect(dayNumber(at, zone), zone).to.equal(dayNumber(wednesday, zone));
    }
  });

  it('survive the change to summer time', () => {
    // Paris, 30 March 2025: 02:00 becomes 03:00.
    const sunday = dayNumber(Date.UTC(2025, 2, 30, 12), paris);
    expect(zonedTime(sunday, 60, paris)).to.equal(Date.UTC(2025, 2, 30, 0));
    expect(zonedTime(sunday, 4 * 60, paris)).to.equal(Date.UTC(2025, 2, 30, 2));
  });
});

describe('lengths', () => {
  it('are clocks that do not lie about hours', () => {
    expect(clockLength(0)).to.equal('0:00');
    expect(clockLength(42_900)).to.equal('0:42');
    expect(clockLength(725_000)).to.equal('12:05');
    expect(clockLength(3_723_000)).to.equal('1:02:03');
    expect(clockLength(-5)).to.equal('0:00');
  });

  it('are said in at most two units', () => {
    expect(spokenLength(252_000, 'en')).to.equal('4 min 12 sec');
    expect(spokenLength(252_000, 'zh-CN')).to.equal('4 分钟 12 秒');
    expect(spokenLength(3_600_000, 'zh-CN')).to.equal('1 小时');
    expect(spokenLength(90_061_000, 'en')).to.equal('1 day 1 hr');
    expect(spokenLength(0, 'en')).to.equal('0 sec');
  });
});
