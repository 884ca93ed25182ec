import type { Business, Line, Scenario } from '#contract/businesses.ts';
import type { LocalText } from '#contract/primitives.ts';

/** A scenario with the lines it occurs on. */
export interface PlacedScenario extends Scenario {
  readonly lineIds: readonly string[];
}

/** The company as the programme sees it: its tree with the owner map, its lines, its scenarios. */
export interface Company {
  readonly businesses: readonly Business[];
  readonly lines: readonly Line[];
  readonly scenarios: readonly PlacedScenario[];
}

/** The ids of a node and of every node below it. A cycle in the data ends the walk instead of hanging it. */
export function subtreeOf(businesses: readonly Business[], rootId: string): Set<string> {
  const children = Map.groupBy(businesses, (business) => business.parentId);
  const found = new Set<string>();
  const open = [rootId];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const child of children.get(id) ?? []) open.push(child.id);
  }
  return found;
}

/** What the owner map gives a person: the nodes they own, and the lines whose business lies at or below one of them. */
export function ownedBy(company: Company, personId: string): { businessIds: string[]; lineIds: string[] } {
  const businessIds = company.businesses
    .filter((business) => business.ownerIds.includes(personId))
    .map((business) => business.id);
  const within = new Set(businessIds.flatMap((id) => [...subtreeOf(company.businesses, id)]));
  const lineIds = company.lines.filter((line) => within.has(line.businessId)).map((line) => line.id);
  return { businessIds, lineIds };
}

/** The people who own a node, or something below it: its team. */
export function teamOf(company: Company, businessId: string): Set<string> {
  const within = subtreeOf(company.businesses, businessId);
  return new Set(company.businesses.filter(({ id }) => within.has(id)).flatMap(({ ownerIds }) => ownerIds));
}

/** The nodes whose team a person belongs to or stands above: what they own, and everything below. */
export function teamsWithin(company: Company, businessIds: readonly string[]): Set<string> {
  return new Set(businessIds.flatMap((id) => [...subtreeOf(company.businesses, id)]));
}

/** A node's name with those above it, such as "Supermarket › Mother & baby"; the company itself only where it stands alone. */
export function pathOf({ businesses }: Pick<Company, 'businesses'>, businessId: string): LocalText {
  const byId = new Map(businesses.map((business) => [business.id, business]));
  const names: LocalText[] = [];
  const seen = new Set<string>();
  for (let node = byId.get(businessId); node && !seen.has(node.id); node = byId.get(node.parentId ?? '')) {
    seen.add(node.id);
    names.unshift(node.name);
  }
  const named = names.length > 1 ? names.slice(1) : names;
  const join = (language: 'en' | 'zh') =>
    named
      .map((name) => name[language])
      .join(' › ')
      .slice(-200);
  return { en: join('en'), zh: join('zh') };
}

/** What is wrong with a tree, as sentences; empty when nothing is. Checked before a company is stored. */
export function faultsOf(company: Company): string[] {
  const faults: string[] = [];
  const ids = new Set(company.businesses.map((business) => business.id));
  const roots = company.businesses.filter((business) => business.parentId === null);
  for (const { id, parentId } of company.businesses) {
    if (parentId !== null && !ids.has(parentId))
      faults.push(`business ${id} hangs below ${parentId}, which is not there`);
  }
  const reached = new Set(roots.flatMap((root) => [...subtreeOf(company.businesses, root.id)]));
  for (const id of ids) if (!reached.has(id)) faults.push(`business ${id} is not below any root`);
  for (const line of company.lines) {
    if (!ids.has(line.businessId))
      faults.push(`line ${line.id} is about ${line.businessId}, which is not there`);
  }
  const lineIds = new Set(company.lines.map((line) => line.id));
  for (const scenario of company.scenarios) {
    for (const lineId of scenario.lineIds) {
      if (!lineIds.has(lineId))
        faults.push(`scenario ${scenario.id} occurs on ${lineId}, which is not there`);
    }
  }
  return faults;
}
