import type { Business, BusinessKind, Line, LineNotice } from '#contract/businesses.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { Company, PlacedScenario } from '#domains/businesses/businesses.ts';

/** Where the retailer of the demo does business: its slots are planned in this zone. */
export const companyZone = 'Asia/Shanghai';

const text = (en: string, zh: string): LocalText => ({ en, zh });

interface Node {
  readonly id: string;
  readonly kind: BusinessKind;
  readonly name: LocalText;
  readonly owners?: readonly string[];
  readonly children?: readonly Node[];
}

const node = (
  kind: BusinessKind,
  id: string,
  en: string,
  zh: string,
  owners: readonly string[] = [],
  children: readonly Node[] = [],
): Node => ({ id, kind, name: text(en, zh), owners, children });

const consumerGoods = node(
  'group',
  'consumer-goods',
  'Consumer goods',
  '大快消事业群',
  [],
  [
    node(
      'category',
      'supermarket',
      'Supermarket',
      '超市',
      ['supermarket-manager'],
      [
        node('service', 'supermarket-after-sales', 'Supermarket after-sales', '超市售后', [
          'mother-baby-owner',
        ]),
        node(
          'category',
          'mother-baby',
          'Mother & baby',
          '母婴',
          ['mother-baby-owner'],
          [
            node(
              'brand',
              'softcub',
              'Softcub',
              '柔芽',
              [],
              [
                node('sku', 'softcub-nappies-m', 'Softcub nappies M, 64 pieces', '柔芽纸尿裤 M 码 64 片'),
                node('sku', 'softcub-nappies-l', 'Softcub nappies L, 54 pieces', '柔芽纸尿裤 L 码 54 片'),
                node('sku', 'softcub-wipes', 'Softcub baby wipes, 12 packs', '柔芽婴儿湿巾 12 包'),
              ],
            ),
            node(
              'brand',
              'little-oak',
              'Little Oak',
              '小橡树',
              [],
              [
                node(
                  'sku',
                  'little-oak-formula-2',
                  'Little Oak formula stage 2, 800 g',
                  '小橡树配方奶粉 2 段 800 克',
                ),
              ],
            ),
          ],
        ),
        node(
          'category',
          'household',
          'Household',
          '家清日用',
          [],
          [
            node(
              'brand',
              'brightday',
              'Brightday',
              '明净日',
              [],
              [
                node('sku', 'brightday-detergent', 'Brightday laundry liquid, 3 kg', '明净日洗衣液 3 千克'),
                node('sku', 'brightday-tissue', 'Brightday tissues, 24 packs', '明净日抽纸 24 包'),
              ],
            ),
          ],
        ),
        node(
          'category',
          'snacks',
          'Snacks & drinks',
          '零食饮料',
          [],
          [
            node(
              'brand',
              'hillside',
              'Hillside',
              '山坡上',
              [],
              [node('sku', 'hillside-nuts', 'Hillside mixed nuts, 750 g', '山坡上混合坚果 750 克')],
            ),
          ],
        ),
      ],
    ),
  ],
);

const electronicsAndAppliances = node(
  'group',
  'electronics-appliances',
  'Electronics & appliances',
  '3C 家电事业群',
  [],
  [
    node(
      'category',
      'electronics-category',
      'Electronics',
      '数码 3C',
      ['electronics-manager'],
      [
        node('service', 'electronics-after-sales', 'Electronics after-sales', '数码售后'),
        node(
          'brand',
          'lumora',
          'Lumora',
          '流光',
          [],
          [
            node('sku', 'lumora-phone-8', 'Lumora 8 phone, 256 GB', '流光 8 手机 256GB'),
            node('sku', 'lumora-earbuds', 'Lumora earbuds', '流光无线耳机'),
          ],
        ),
        node(
          'brand',
          'kestrel',
          'Kestrel',
          '红隼',
          [],
          [node('sku', 'kestrel-laptop-14', 'Kestrel 14 laptop', '红隼 14 英寸笔记本')],
        ),
      ],
    ),
    node(
      'category',
      'appliances',
      'Home appliances',
      '大家电',
      ['appliance-manager'],
      [
        node('service', 'appliance-installation-service', 'Delivery & installation', '送装一体', [
          'installation-owner',
        ]),
        node(
          'brand',
          'northbreeze',
          'Northbreeze',
          '北风',
          [],
          [
            node('sku', 'northbreeze-aircon', 'Northbreeze air conditioner, 1.5 hp', '北风空调 1.5 匹'),
            node('sku', 'northbreeze-washer', 'Northbreeze washing machine, 10 kg', '北风洗衣机 10 千克'),
          ],
        ),
        node(
          'brand',
          'hearthway',
          'Hearthway',
          '灶间',
          [],
          [node('sku', 'hearthway-hood', 'Hearthway range hood', '灶间油烟机')],
        ),
      ],
    ),
  ],
);

const fresh = node(
  'group',
  'fresh-group',
  'Fresh food',
  '生鲜事业群',
  [],
  [
    node(
      'category',
      'fresh-category',
      'Fresh food',
      '生鲜',
      ['fresh-manager'],
      [
        node('service', 'fresh-after-sales', 'Fresh guarantee', '生鲜优鲜赔'),
        node(
          'brand',
          'green-terrace',
          'Green Terrace',
          '绿梯田',
          [],
          [
            node(
              'sku',
              'green-terrace-strawberries',
              'Green Terrace strawberries, 1 kg',
              '绿梯田草莓 1 千克',
            ),
            node('sku', 'green-terrace-greens', 'Green Terrace leafy greens box', '绿梯田叶菜组合'),
          ],
        ),
        node(
          'brand',
          'tidewater',
          'Tidewater',
          '潮水湾',
          [],
          [node('sku', 'tidewater-prawns', 'Tidewater prawns, 1.5 kg', '潮水湾大虾 1.5 千克')],
        ),
      ],
    ),
  ],
);

const logistics = node(
  'group',
  'logistics',
  'Logistics',
  '物流',
  [],
  [
    node('process', 'last-mile', 'Last-mile delivery', '末端配送', ['delivery-director']),
    node('process', 'reverse-logistics', 'Returns pick-up', '上门取件', ['delivery-director']),
  ],
);

const customerService = node(
  'group',
  'service-experience',
  'Service & experience',
  '客服与体验',
  ['cx'],
  [
    node('process', 'refunds', 'Refunds', '退款', ['cx']),
    node('process', 'price-promise', 'Price protection', '价格保护', ['cx']),
    node('process', 'invoicing', 'Invoices', '发票', ['cx']),
  ],
);

const root = node(
  'group',
  'company',
  'Clearwater Retail',
  '清水零售',
  ['retail-executive'],
  [consumerGoods, electronicsAndAppliances, fresh, logistics, customerService],
);

function flatten({ id, kind, name, owners = [], children = [] }: Node, parentId: string | null): Business[] {
  return [
    { id, parentId, kind, name, ownerIds: [...owners] },
    ...children.flatMap((child) => flatten(child, id)),
  ];
}

const line = (id: string, businessId: string, en: string, zh: string, notice: LineNotice = 'live'): Line => ({
  id,
  businessId,
  name: text(en, zh),
  zone: companyZone,
  notice,
});

const lines: readonly Line[] = [
  line('supermarket', 'supermarket-after-sales', 'Supermarket after-sales', '超市售后专线'),
  line('electronics', 'electronics-after-sales', 'Electronics', '数码 3C 专线', 'afterwards'),
  line('appliance-installation', 'appliance-installation-service', 'Appliance installation', '家电安装专线'),
  line('fresh-food', 'fresh-after-sales', 'Fresh food', '生鲜专线'),
  line('delivery', 'last-mile', 'Delivery', '配送专线', 'digest'),
];

const scenario = (id: string, en: string, zh: string, lineIds: readonly string[]): PlacedScenario => ({
  id,
  name: text(en, zh),
  lineIds,
});

const scenarios: readonly PlacedScenario[] = [
  scenario('nappy-size-swap', 'Nappies outgrown, swap the size', '纸尿裤穿小了想换码', ['supermarket']),
  scenario('wrong-size', 'Wrong size or model ordered', '尺码型号买错', ['supermarket', 'electronics']),
  scenario('late-delivery', 'Delivery is late', '配送超时未到', ['delivery', 'fresh-food', 'supermarket']),
  scenario('damaged-parcel', 'Parcel arrived damaged', '包裹破损', [
    'delivery',
    'supermarket',
    'electronics',
  ]),
  scenario('missing-item', 'An item is missing', '少件漏发', ['supermarket', 'delivery']),
  scenario('spoiled-fresh', 'Fresh goods are spoiled', '生鲜变质', ['fresh-food']),
  scenario('price-protection', 'Price fell after the purchase', '买贵了要保价', [
    'electronics',
    'supermarket',
  ]),
  scenario('refund-status', 'Where is my refund?', '退款到账查询', [
    'supermarket',
    'electronics',
    'fresh-food',
  ]),
  scenario('installation-appointment', 'Installation appointment', '安装预约改期', [
    'appliance-installation',
  ]),
  scenario('installation-fee', 'Unexpected installation fee', '安装额外收费', ['appliance-installation']),
  scenario('warranty-claim', 'Warranty claim', '保修申请', ['electronics', 'appliance-installation']),
  scenario('invoice-request', 'Invoice wanted or wrong', '开票与发票更正', ['electronics', 'supermarket']),
  scenario('coupon-problem', 'Coupon does not work', '优惠券用不了', ['supermarket', 'fresh-food']),
  scenario('address-change', 'Change the delivery address', '修改收货地址', ['delivery']),
  scenario('return-pickup', 'Pick-up of a return', '上门取件退货', [
    'delivery',
    'electronics',
    'supermarket',
  ]),
];

/** A believable retailer that does not exist. Every name, brand and product is made up. */
export const company: Company = { businesses: flatten(root, null), lines, scenarios };

/** A product that callers of a line call about. */
export interface DemoProduct {
  readonly sku: string;
  readonly name: LocalText;
  readonly lineIds: readonly string[];
}

const skuLines: Record<string, readonly string[]> = {
  supermarket: ['supermarket', 'delivery'],
  'electronics-category': ['electronics', 'delivery'],
  appliances: ['appliance-installation'],
  'fresh-category': ['fresh-food', 'delivery'],
};

/** The tree's SKUs with the lines on which they come up, for calls with believable facts. */
export const products: readonly DemoProduct[] = company.businesses
  .filter((business) => business.kind === 'sku')
  .map(({ id, name }) => ({ sku: id, name, lineIds: linesOfSku(id) }));

function linesOfSku(skuId: string): readonly string[] {
  const byId = new Map(company.businesses.map((business) => [business.id, business]));
  for (let at = byId.get(skuId); at; at = at.parentId === null ? undefined : byId.get(at.parentId)) {
    const found = skuLines[at.id];
    if (found) return found;
  }
  return [];
}
