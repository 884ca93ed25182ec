import { expect } from 'chai';
import { timeShiftRequests } from '#contract/time-shift.ts';
import { eventually } from '#support/eventually.ts';
import { ApiError } from '#web/app/api-error.ts';
import type { ShiftPlayer, ShiftPlayerOptions } from '#web/domains/listening/time-shift/shift-player.ts';
import type { ShiftState } from '#web/domains/listening/time-shift/shift-state.ts';
import { TimeShift } from '#web/domains/listening/time-shift/time-shift.ts';

/** A player that plays nothing: it is told where it is. */
class FakePlayer {
  readonly did: string[] = [];
  atEdge = false;
  report = { state: 'starved' as 'starved' | 'playing' | 'paused' | 'over', atMs: 0, fetchedMs: 0, seek: 0 };
  readonly options: ShiftPlayerOptions;
  readonly voices = {};

  constructor(options: ShiftPlayerOptions) {
    this.options = options;
  }

  positionMs = () => this.report.atMs;
  seek(ms: number): void {
    this.did.push(`seek ${Math.round(ms)}`);
    this.report = { state: 'playing', atMs: ms, fetchedMs: ms + 5_000, seek: this.report.seek + 1 };
  }
  setPaused(on: boolean): void {
    this.did.push(on ? 'pause' : 'play');
  }
  setSpeed(speed: number): void {
    this.did.push(`speed ${speed}`);
  }
  close(): void {
    this.did.push('close');
  }

  /** Plays on. */
  at(ms: number, state: 'playing' | 'starved' | 'over' = 'playing', fetchedMs = ms + 5_000): void {
    this.report = { ...this.report, state, atMs: ms, fetchedMs };
    this.options.onReport(this.report);
  }
}

/** A call that is 60 s old, and a server that agrees to everything. */
class FakeListening {
  readonly told: boolean[] = [];
  readonly planes: string[] = [];
  liveMs: number | null = 60_000;
  delayMs: number | null = null;
  listeningId: string | null = 'lis_1';
  refusal: ApiError | null = null;
  state: { shift: ShiftState | null; returnMs: number | null; shiftError: ApiError | null } = {
    shift: null,
    returnMs: null,
    shiftError: null,
  };
  over = 0;
  lost = 0;
  unsupported = false;
  player!: FakePlayer;
  readonly shift: TimeShift;

  constructor() {
    const request = async (asked: unknown, input: { on?: boolean }) => {
      if (asked !== timeShiftRequests.shift) throw new ApiError('shift.unavailable', 'no picture here');
      if (this.refusal) throw this.refusal;
      this.told.push(input.on === true);
      return {};
    };
    this.shift = new TimeShift({
      request: request as never,
      mixer: {
        context: {},
        start: () => undefined,
        hear: (plane: string) => this.planes.push(plane),
        addShifted: () => undefined,
        removeShifted: () => undefined,
      } as never,
      listeningId: () => this.listeningId,
      liveMs: () => this.liveMs,
      delayMs: () => this.delayMs,
      onChange: (change) => {
        this.state = { ...this.state, ...change };
      },
      onLost: () => {
        this.lost += 1;
      },
      onOver: () => {
        this.over += 1;
      },
      openPlayer: async (options) => {
        if (this.unsupported) throw new TypeError('no AudioWorklet');
        this.player = new FakePlayer(options);
        return this.player as unknown as ShiftPlayer;
      },
    });
  }

  async begin(): Promise<void> {
    this.shift.begin();
    this.shift.attached();
    // The player is opened ahead.
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get last(): string | undefined {
    return this.player.did.at(-1);
  }
}

describe('Time shift', () => {
  let listening: FakeListening;
  const told = (...expected: boolean[]) =>
    eventually(() => expect(listening.told).to.deep.equal(expected), { within: 1_000 });

  beforeEach(async () => {
    listening = new FakeListening();
    await listening.begin();
  });
  afterEach(() => listening.shift.stop());

  it('says nothing to the server while the call is heard live', () => {
    expect(listening.told).to.deep.equal([]);
    expect(listening.state.shift).to.equal(null);
    expect(listening.shift.heardMs()).to.be.closeTo(60_000, 100);
  });

  it('goes back from live, and the server forwards nothing more', async () => {
    listening.shift.back(10_000);
    expect(listening.last).to.match(/^seek 499/);
    expect(listening.planes.at(-1)).to.equal('shifted');
    const { behindMs, catchingUp, paused } = listening.state.shift!;
    expect(behindMs).to.be.closeTo(10_000, 100);
    expect({ catchingUp, paused }).to.deep.equal({ catchingUp: false, paused: false });
    await told(true);
    // Further back from where one is, and never before the beginning.
    listening.player.at(50_500);
    listening.shift.back(30_000);
    expect(listening.last).to.equal('seek 20500');
    listening.shift.back(30_000);
    expect(listening.last).to.equal('seek 0');
    expect(listening.told).to.deep.equal([true]);
  });

  it('holds the place of a live call that is paused, and goes on there', async () => {
    listening.shift.togglePause();
    expect(listening.player.did).to.include('pause');
    expect(listening.state.shift).to.deep.include({ paused: true, liveInMs: null });
    await told(true);
    listening.liveMs = 80_000;
    listening.shift.togglePause();
    expect(listening.last).to.equal('play');
    expect(listening.state.shift?.paused).to.equal(false);
    expect(listening.state.shift?.behindMs).to.be.closeTo(20_000, 100);
  });

  it('goes live at once, and knows the way back', async () => {
    listening.shift.seek(12_000);
    await told(true);
    listening.player.at(15_000);
    listening.shift.goLive();
    expect(listening.state).to.deep.include({ shift: null, returnMs: 15_000 });
    await told(true, false);
    await eventually(() => expect(listening.planes.at(-1)).to.equal('live'));
    listening.shift.returnToPlace();
    expect(listening.last).to.equal('seek 15000');
    expect(listening.state.returnMs).to.equal(null);
    await told(true, false, true);
  });

  it('says when it will be live again, and is live when it has caught up', async () => {
    listening.shift.back(20_000);
    listening.shift.setSpeed(1.5);
    expect(listening.state.shift).to.deep.include({ speed: 1.5, catchingUp: true });
    // Less the 700 ms that a disk is behind as a rule.
    expect(listening.state.shift?.liveInMs).to.be.closeTo(38_600, 300);
    // The buffer ends, but not the call.
    listening.player.at(52_000, 'starved', 52_000);
    expect(listening.state.shift).to.not.equal(null);
    listening.player.atEdge = true;
    listening.player.at(59_800, 'playing', 59_900);
    expect(listening.state.shift).to.equal(null);
    await told(true, false);
  });

  it('is live when one goes forward to live', async () => {
    listening.shift.back(10_000);
    listening.shift.forward(10_000);
    expect(listening.state.shift).to.equal(null);
    await told(true, false);
  });

  it('leaves at the last wish when one changes one’s mind faster than the server answers', async () => {
    listening.shift.back(10_000);
    listening.shift.goLive();
    listening.shift.back(10_000);
    await eventually(() => expect(listening.told.at(-1)).to.equal(true));
    expect(listening.state.shift).to.not.equal(null);
  });

  it('tells a listening that was built anew that it is shifted, and keeps its place', async () => {
    listening.shift.back(10_000);
    await told(true);
    listening.player.at(51_000);
    listening.listeningId = null;
    expect(listening.shift.heardMs()).to.equal(51_000);
    listening.listeningId = 'lis_2';
    listening.shift.attached();
    await told(true, true);
    expect(listening.player.did.filter((did) => did.startsWith('seek'))).to.have.length(1);
  });

  it('asks for a new listening where the server knows this one no longer', async () => {
    listening.refusal = new ApiError('listening.unknown', 'gone');
    listening.shift.back(10_000);
    await eventually(() => expect(listening.lost).to.equal(1));
    expect(listening.state.shift).to.not.equal(null);
  });

  it('hears a call that is over on to its end', () => {
    listening.shift.back(20_000);
    listening.player.at(45_000);
    expect(listening.shift.goesOnAfter(60_000)).to.equal(true);
    expect(listening.state.shift?.behindMs).to.be.closeTo(15_000, 100);
    expect(listening.over).to.equal(0);
    listening.player.at(60_000, 'over');
    expect(listening.over).to.equal(1);
  });

  it('ends with the call where it was live', () => {
    expect(listening.shift.goesOnAfter(60_000)).to.equal(false);
  });

  it('stays live and says so in a browser that cannot go back', async () => {
    listening.shift.stop();
    listening = new FakeListening();
    listening.unsupported = true;
    await listening.begin();
    listening.shift.back(10_000);
    await eventually(() => expect(listening.state.shiftError?.code).to.equal('client.shift-unsupported'));
    expect(listening.state.shift).to.equal(null);
    await eventually(() => expect(listening.planes.at(-1)).to.equal('live'));
  });

  describe('of a delayed seat', () => {
    beforeEach(async () => {
      listening.shift.stop();
      listening = new FakeListening();
      listening.delayMs = 10_000;
      await listening.begin();
    });

    it('begins at its edge, and asks for nothing live', () => {
      expect(listening.last).to.equal('seek 49300');
      expect(listening.state.shift).to.deep.include({ atEdge: true, edgeMs: 50_000 });
      expect(listening.told).to.deep.equal([]);
    });

    it('goes to its edge and never beyond', () => {
      listening.shift.back(30_000);
      expect(listening.state.shift?.atEdge).to.equal(false);
      expect(listening.state.shift?.behindMs).to.be.closeTo(30_700, 10);
      listening.shift.goLive();
      expect(listening.last).to.equal('seek 49300');
      expect(listening.state.returnMs).to.equal(19_300);
      listening.shift.seek(60_000);
      expect(listening.last).to.equal('seek 49300');
    });

    it('slows down when it has caught up', () => {
      listening.shift.back(5_000);
      listening.shift.setSpeed(2);
      expect(listening.state.shift?.liveInMs).to.be.closeTo(5_000, 100);
      listening.player.at(49_400);
      expect(listening.state.shift).to.deep.include({ speed: 1, atEdge: true });
    });
  });
});
