// Steers the smoothed utilization towards the campaign's target: the policy of docs/writing-a-policy.md, in JavaScript.
//
// A function of the contract (wit/0.1/policy.wit) gets and gives plain objects: names in camel case, a variant as
// { tag, val }, an absent value as undefined, bytes as a Uint8Array, a 64-bit integer as a BigInt. Nothing that stands
// at the top of this file lives from one call to the next; only `state` does.

import { write } from 'paced:policy/log@0.1.0';

const PARAMS = [
  {
    name: 'gain',
    kind: { tag: 'number', val: { min: 0, max: 5 } },
    default: { tag: 'number', val: 0.5 },
    unit: 'ratio',
    help: 'Change of the ratio per decision when all agents wait',
  },
  {
    name: 'weight',
    kind: { tag: 'number', val: { min: 0.01, max: 1 } },
    default: { tag: 'number', val: 0.3 },
    unit: '',
    help: 'Weight of the newest reading against those before it',
  },
];

/** What the ratio is multiplied by while abandonment is over the campaign's limit. */
const STEP_BACK = 0.8;

export const controller = {
  describe() {
    return {
      name: 'smooth-js',
      version: '0.1.0',
      summary: 'Steers the smoothed utilization towards the target',
      stateVersion: 1,
      params: PARAMS,
    };
  },

  decide({ campaign, dialRatio, reading, windows, params, state }) {
    const { gain, weight } = byName(params);
    const signedIn = reading.agentsAvailable + reading.agentsBusy;
    if (!reading.fresh || signedIn <= 0) {
      return { reason: 'nothing new, or nobody signed in', signals: [], state };
    }
    const utilization = reading.agentsBusy / signedIn;
    const before = decodeState(state) ?? utilization;
    const smoothed = before + weight * (utilization - before);

    const rate = abandonment(windows.last5m, campaign.abandonmentOf);
    if (rate !== undefined && rate > campaign.maxAbandonment) {
      write('info', `${(rate * 100).toFixed(1)} % abandoned`);
      return {
        dialRatio: dialRatio * STEP_BACK,
        reason: 'abandonment over the limit',
        signals: [],
        state: encodeState(smoothed),
      };
    }
    const error = campaign.targetUtilization - smoothed;
    return {
      dialRatio: dialRatio + gain * error,
      reason: 'towards the target',
      signals: [
        { name: 'utilization_smoothed', value: smoothed },
        { name: 'error', value: error },
      ],
      state: encodeState(smoothed),
    };
  },

  // What is thrown is the error of the contract's `result`; the host then starts with empty state.
  migrate(fromVersion) {
    throw `state version ${fromVersion} is unknown`;
  },
};

/** The campaign's params as an object. The host has checked them against PARAMS. */
function byName(settings) {
  return Object.fromEntries(settings.map(({ name, value }) => [name, value.val]));
}

/** The abandonment rate of a window, 0 to 1; undefined over no calls. */
function abandonment({ offered, answered, abandoned }, abandonmentOf) {
  const calls = abandonmentOf === 'offered' ? offered : answered + abandoned;
  return calls > 0 ? abandoned / calls : undefined;
}

/** The smoothed utilization as eight bytes, little-endian. */
function encodeState(smoothed) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, smoothed, true);
  return bytes;
}

/** The smoothed utilization of the decision before; undefined where there was none. */
function decodeState(state) {
  if (state.length === 0) return undefined;
  if (state.length !== 8) throw `state has ${state.length} bytes, not 8`;
  return new DataView(state.buffer, state.byteOffset).getFloat64(0, true);
}
