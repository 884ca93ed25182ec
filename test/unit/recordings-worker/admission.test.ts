import { expect } from 'chai';
import { Admission, type Load } from '#worker/capture/admission.ts';

const limits = { leastFreeBytes: 1_000, cpuShare: 0.8, lagMs: 500, captures: 100 };
const calm: Load = { freeBytes: 10_000, cpuShare: 0.2, lagMs: 5, captures: 50 };

describe('the admission of calls to a recordings worker', () => {
  it('takes calls when it is calm, and as many as it may', () => {
    const admission = new Admission({ ...limits, captures: 52 });
    admission.look(calm);
    expect(admission.refusing).to.be.null;
    admission.taken();
    expect(admission.refusing).to.be.null;
    admission.taken();
    expect(admission.refusing).to.equal('max');
    admission.ended();
    expect(admission.refusing).to.be.null;
  });

  it('ends with the free disk, and begins again when there is clearly more of it', () => {
    const admission = new Admission(limits);
    admission.look({ ...calm, freeBytes: 999 });
    expect(admission.refusing).to.equal('disk');
    admission.look({ ...calm, freeBytes: 1_100 });
    expect(admission.refusing).to.equal('disk');
    admission.look({ ...calm, freeBytes: 1_300 });
    expect(admission.refusing).to.be.null;
  });

  it('ends with the processor, and begins again when there is clearly more of it', () => {
    const admission = new Admission(limits);
    admission.look({ ...calm, cpuShare: 0.85 });
    expect(admission.refusing).to.equal('cpu');
    admission.look({ ...calm, cpuShare: 0.7 });
    expect(admission.refusing).to.equal('cpu');
    admission.look({ ...calm, cpuShare: 0.6 });
    expect(admission.refusing).to.be.null;
  });

  it('expects of a new call what the others have cost', () => {
    const admission = new Admission(limits);
    // A hundredth of a core each: forty more fit.
    for (let i = 0; i < 20; i++) admission.look({ ...calm, cpuShare: 0.4, captures: 40 });
    let taken = 0;
    for (; admission.refusing === null; taken++) admission.taken();
    expect(taken).to.be.within(38, 41);
    expect(admission.refusing).to.equal('cpu');
    admission.look({ ...calm, cpuShare: 0.5, captures: 80 });
    expect(admission.refusing, 'they cost less than feared').to.be.null;
  });

  it('minds lateness only when it lasts', () => {
    const admission = new Admission(limits);
    const late = { ...calm, lagMs: 900 };
    admission.look(late);
    admission.look(late);
    expect(admission.refusing).to.be.null;
    admission.look(late);
    expect(admission.refusing).to.equal('cpu');
    admission.look({ ...calm, lagMs: 450 });
    expect(admission.refusing).to.equal('cpu');
    admission.look(calm);
    expect(admission.refusing).to.be.null;
  });

  it('sends no call away because of what its own few calls did not cause', () => {
    const admission = new Admission(limits);
    for (let i = 0; i < 5; i++) admission.look({ ...calm, cpuShare: 1, lagMs: 5_000, captures: 3 });
    expect(admission.refusing).to.be.null;
  });

  it('rests after its spool failed', () => {
    const admission = new Admission(limits);
    admission.look(calm);
    admission.spoolFails();
    expect(admission.refusing).to.equal('spool');
    admission.look(calm);
    expect(admission.refusing).to.equal('spool');
    admission.spoolRested();
    expect(admission.refusing).to.be.null;
  });
});
