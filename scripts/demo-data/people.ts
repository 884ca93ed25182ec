import type { Role } from '#contract/identity.ts';
import type { StoredPerson } from '#domains/identity/identity.ts';

const person = (
  id: string,
  role: Role,
  [nameEn, nameZh]: [string, string],
  [titleEn, titleZh]: [string, string],
  worksLineIds: readonly string[] = [],
): StoredPerson => ({
  id,
  role,
  name: { en: nameEn, zh: nameZh },
  title: { en: titleEn, zh: titleZh },
  worksLineIds,
  // A domain that is nobody's (RFC 2606).
  email: `${id}@clearwater.example`,
});

const agent = (number: number, name: [string, string], worksLineIds: readonly string[]): StoredPerson =>
  person(`agent-${number}`, 'agent', name, ['Customer service agent', '客服专员'], worksLineIds);

/** The people of the demo: made-up names, real roles. What they own is in the company's owner map. */
export const people: readonly StoredPerson[] = [
  person(
    'supermarket-manager',
    'listener',
    ['Lin Yue', '林悦'],
    ['Supermarket category manager', '超市品类经理'],
  ),
  person(
    'electronics-manager',
    'listener',
    ['Zhou Kai', '周凯'],
    ['Electronics category manager', '数码品类经理'],
  ),
  person(
    'appliance-manager',
    'listener',
    ['He Jing', '何静'],
    ['Home appliances director', '大家电品类总监'],
  ),
  person('fresh-manager', 'listener', ['Fang Lan', '方岚'], ['Fresh food manager', '生鲜经理']),
  person('delivery-director', 'listener', ['Song Hao', '宋浩'], ['Delivery director', '配送总监']),
  person('retail-executive', 'listener', ['Gao Ning', '高宁'], ['Retail vice president', '零售副总裁']),
  person('mother-baby-owner', 'owner', ['Tang Xin', '唐欣'], ['Owner, mother & baby', '母婴业务负责人']),
  person(
    'installation-owner',
    'owner',
    ['Luo Wei', '罗威'],
    ['Owner, delivery & installation', '送装服务负责人'],
  ),
  {
    ...person(
      'partner-team',
      'listener',
      ['Softcub team', '柔芽团队'],
      ['Partner brand, hears a little later', '合作品牌方（延迟收听）'],
      ['supermarket'],
    ),
    ear: 'delayed',
  },
  person('host', 'host', ['Xu Ran', '徐然'], ['Programme host', '体验席主持人']),
  person('cx', 'cx', ['Jiang Mo', '江墨'], ['Customer experience specialist', '客户体验专员']),
  person('admin', 'admin', ['Shen Yi', '沈一'], ['Operations & compliance', '运维与合规']),
  agent(1, ['Chen Lu', '陈露'], ['supermarket']),
  agent(2, ['Yao Qi', '姚琪'], ['supermarket', 'delivery']),
  agent(3, ['Deng Bo', '邓博'], ['electronics']),
  agent(4, ['Pan Shu', '潘舒'], ['appliance-installation']),
  agent(5, ['Ye Tong', '叶桐'], ['fresh-food']),
  agent(6, ['Bai Chuan', '白川'], ['delivery']),
];
